"""Tiles: files of any resolution, system and overlap as one field of heights.

A *sheet* is one GeoTIFF. Sheets on one lattice of posts are a *layer*. The *store* lays the layers over each other, the
finest on top, on the lattice of the finest, and keeps what it has laid in memory up to a bound.
"""

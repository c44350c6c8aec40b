get_filename_component(_trailcoach_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
if(NOT TARGET trailcoach::trailcoach)
  add_library(trailcoach::trailcoach SHARED IMPORTED)
  set_target_properties(trailcoach::trailcoach PROPERTIES
    IMPORTED_LOCATION "${_trailcoach_prefix}/lib/libtrailcoach.so.1"
    IMPORTED_SONAME "libtrailcoach.so.1"
    INTERFACE_INCLUDE_DIRECTORIES "${_trailcoach_prefix}/include")
endif()
unset(_trailcoach_prefix)

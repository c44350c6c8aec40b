// The same in C++.
#include <cstdio>
#include <trailcoach.h>

int main()
{
    static tc_config config;

    std::printf("%u %s\n", static_cast<unsigned>(tc_abi_version()), tc_strerror(TC_OK));
    return tc_abi_version() == TC_ABI_VERSION && tc_config_default(&config) == TC_OK ? 0 : 1;
}

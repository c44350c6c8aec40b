/* The least a host does: it compiles, links and finds the library of its header. */
#include <stdio.h>
#include <trailcoach.h>

int main(void)
{
    static tc_config config;

    printf("%u %s\n", (unsigned)tc_abi_version(), tc_strerror(TC_OK));
    return tc_abi_version() == TC_ABI_VERSION && tc_config_default(&config) == TC_OK ? 0 : 1;
}

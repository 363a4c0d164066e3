/* A disk whose syncs fail from the OPMILL_TEST_EIO_AFTER-th on, for one process: loaded in front of libc. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

int fdatasync(int fd)
{
    static long calls;
    const char *after = getenv("OPMILL_TEST_EIO_AFTER");
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    if (after && __sync_add_and_fetch(&calls, 1) > atol(after)) {
        errno = EIO;
        return -1;
    }
    return real(fd);
}

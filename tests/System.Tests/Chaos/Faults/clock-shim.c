/*
 * Preloaded into an edge under test, gives that one process a wall clock of its own: the machine's clock is shared and is never touched.
 * The variable CHAOS_CLOCK names a file of two little-endian numbers that the test may change at any moment: by how many nanoseconds CLOCK_REALTIME is
 * ahead (8 bytes), and whether adjtimex(2) calls the clock unsynchronised (4 bytes). Monotonic clocks stay as they are.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

struct page {
    volatile int64_t offset_ns;
    volatile int32_t unsynchronised;
};

static struct page *page;

__attribute__((constructor)) static void map_page(void)
{
    const char *path = getenv("CHAOS_CLOCK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        return;
    }

    void *at = mmap(NULL, sizeof *page, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (at != MAP_FAILED) {
        page = at;
    }
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
    static int (*real)(clockid_t, struct timespec *);
    if (!real) {
        real = (int (*)(clockid_t, struct timespec *))dlvsym(RTLD_NEXT, "clock_gettime", "GLIBC_2.17");
    }

    int result = real(id, ts);
    if (result == 0 && page && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
        int64_t ns = (int64_t)ts->tv_sec * 1000000000 + ts->tv_nsec + page->offset_ns;
        ts->tv_sec = ns / 1000000000;
        ts->tv_nsec = ns % 1000000000;
    }

    return result;
}

int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
    (void)tz;
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    tv->tv_sec = ts.tv_sec;
    tv->tv_usec = ts.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    if (at) {
        *at = ts.tv_sec;
    }

    return ts.tv_sec;
}

int adjtimex(struct timex *timex)
{
    int result = syscall(SYS_adjtimex, timex);
    if (!page || result < 0) {
        return result;
    }

    if (page->unsynchronised) {
        timex->status |= STA_UNSYNC;
        return TIME_ERROR;
    }

    timex->status &= ~STA_UNSYNC;
    return TIME_OK;
}

/* .NET asks libc's own handle for adjtimex, past every preloaded library; everything else goes where it was meant to go. */
void *dlsym(void *handle, const char *name)
{
    static void *(*real)(void *, const char *);
    if (!real) {
        real = (void *(*)(void *, const char *))dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
    }

    return strcmp(name, "adjtimex") == 0 ? (void *)adjtimex : real(handle, name);
}

/* A disk that can fail, put in front of libc with LD_PRELOAD. It watches every file below one folder and writes down,
 * in the order in which they happened, the changes to contents and names, the syncs, and what the program says it has
 * acknowledged. From that record disk.rs and cut.rs work out what a power cut at any moment would have left. Set by environment:
 *
 *   OPMILL_FAULT_ROOT   the folder that is watched, without symbolic links in its path
 *   OPMILL_FAULT_TRACE  the file the record goes to
 *   OPMILL_FAULT_ACKS   a name; what is written to this file goes to the record as acknowledged
 *   OPMILL_FAULT_EIO    the n-th fsync or fdatasync fails, counted from 1
 *   OPMILL_FAULT_ROOM   so many bytes may files grow by in all; then the disk is full
 *
 * A sync does not reach the real disk: it takes a moment and is written down. sync_file_range is not a sync. A failed
 * sync is told once to each descriptor of the file that was open then, as Linux does. Every call below is made as a
 * raw system call, so that nothing has to be looked up while the program starts.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind { CREATE = 1, MKDIR, WRITE, TRUNCATE, RENAME, UNLINK, SYNC_BEGAN, SYNC_ENDED, SYNC_FAILED, ACK, FULL, LINK };

#define INODES 65536
#define DESCRIPTORS 4096
#define DISK_TAKES 60000 /* nanoseconds a sync takes, so that others write meanwhile */

struct inode { uint64_t number; uint32_t failures; };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX], acks[PATH_MAX];
static size_t root_length;
static int trace = -1;
static uint64_t acks_inode, syncs, fails_at, next_token;
static int64_t room = -1;
static dev_t device;
static struct inode inodes[INODES];
static uint32_t seen[DESCRIPTORS]; /* failures already told to a descriptor */

static void die(const char *why) {
    (void)!syscall(SYS_write, 2, why, strlen(why));
    abort();
}

__attribute__((constructor)) static void begin(void) {
    const char *text = getenv("OPMILL_FAULT_ROOT");
    const char *record = getenv("OPMILL_FAULT_TRACE");
    struct stat status;
    if (!text || !record || stat(text, &status) != 0) return;
    snprintf(root, sizeof root, "%s", text);
    root_length = strlen(root);
    device = status.st_dev;
    if ((text = getenv("OPMILL_FAULT_ACKS"))) snprintf(acks, sizeof acks, "%s", text);
    if ((text = getenv("OPMILL_FAULT_EIO"))) fails_at = strtoull(text, NULL, 10);
    if ((text = getenv("OPMILL_FAULT_ROOM"))) room = strtoll(text, NULL, 10);
    trace = syscall(SYS_openat, AT_FDCWD, record, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (trace < 0) die("fault: the trace cannot be written\n");
}

/* What other threads have begun is written down before the process ends, and nothing is begun any more. */
__attribute__((destructor)) static void end(void) { pthread_mutex_lock(&lock); }

/* One event: kind and length of the text, inode, number; then the text. Called with the lock held. */
static void note(enum kind kind, uint64_t inode, uint64_t number, const void *text, size_t length) {
    uint64_t head[3] = { (uint64_t)kind | (uint64_t)length << 32, inode, number };
    struct iovec parts[2] = { { head, sizeof head }, { (void *)text, length } };
    size_t all = sizeof head + length;
    ssize_t written = syscall(SYS_writev, trace, parts, length ? 2 : 1);
    if (written != (ssize_t)all) die("fault: the trace cannot be written\n");
}

/* The slot of an inode, or NULL if it is not watched. */
static struct inode *find(uint64_t number, int add) {
    for (size_t at = number % INODES, tries = 0; tries < INODES; tries++, at = (at + 1) % INODES) {
        if (inodes[at].number == number) return &inodes[at];
        if (inodes[at].number == 0) {
            if (!add) return NULL;
            inodes[at].number = number;
            return &inodes[at];
        }
    }
    die("fault: too many files\n");
    return NULL;
}

static struct inode *watched(int fd, struct stat *status) {
    if (trace < 0 || fstat(fd, status) != 0 || status->st_dev != device) return NULL;
    if (status->st_ino == acks_inode) return NULL;
    return find(status->st_ino, 0);
}

/* The path below the root that a name stands for, or NULL if it leads elsewhere. */
static const char *below(int folder, const char *name, char *buffer) {
    if (trace < 0 || !name) return NULL;
    if (name[0] != '/') {
        if (folder == AT_FDCWD) return NULL;
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, buffer, PATH_MAX);
        if (length < 0 || length + 1 + strlen(name) >= PATH_MAX) return NULL;
        buffer[length] = '/';
        strcpy(buffer + length + 1, name);
    } else {
        snprintf(buffer, PATH_MAX, "%s", name);
    }
    if (strncmp(buffer, root, root_length) != 0) return NULL;
    if (buffer[root_length] == 0) return buffer + root_length;
    return buffer[root_length] == '/' ? buffer + root_length + 1 : NULL;
}

static int refuse(int error) {
    errno = error;
    return -1;
}

/* ---- names */

static int open_at(int folder, const char *name, int flags, mode_t mode) {
    char buffer[PATH_MAX];
    if (trace >= 0 && acks[0] && name && strcmp(name, acks) == 0) {
        int fd = syscall(SYS_openat, folder, name, flags, mode);
        struct stat status;
        if (fd >= 0 && fstat(fd, &status) == 0) acks_inode = status.st_ino;
        return fd;
    }
    const char *path = below(folder, name, buffer);
    if (!path) return syscall(SYS_openat, folder, name, flags, mode);
    pthread_mutex_lock(&lock);
    struct stat before, status;
    int existed = fstatat(folder, name, &before, 0) == 0;
    if (!existed && flags & O_CREAT && room == 0) {
        note(FULL, 0, 0, NULL, 0);
        pthread_mutex_unlock(&lock);
        return refuse(ENOSPC);
    }
    int fd = syscall(SYS_openat, folder, name, flags, mode);
    int error = errno;
    if (fd >= 0 && fstat(fd, &status) == 0) {
        struct inode *inode = find(status.st_ino, 1);
        if (fd < DESCRIPTORS) seen[fd] = inode->failures;
        if (!existed) note(CREATE, status.st_ino, 0, path, strlen(path));
        else if (flags & O_TRUNC && before.st_size > 0) note(TRUNCATE, status.st_ino, 0, NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    errno = error;
    return fd;
}

static mode_t mode_of(int flags, va_list rest) {
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
}

#define OPEN(called, extra)                                                                                            \
    int called(const char *name, int flags, ...) {                                                                     \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        mode_t mode = mode_of(flags, rest);                                                                            \
        va_end(rest);                                                                                                  \
        return open_at(AT_FDCWD, name, flags | extra, mode);                                                           \
    }
OPEN(open, 0)
OPEN(open64, O_LARGEFILE)

#define OPENAT(called, extra)                                                                                          \
    int called(int folder, const char *name, int flags, ...) {                                                         \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        mode_t mode = mode_of(flags, rest);                                                                            \
        va_end(rest);                                                                                                  \
        return open_at(folder, name, flags | extra, mode);                                                             \
    }
OPENAT(openat, 0)
OPENAT(openat64, O_LARGEFILE)

int creat(const char *name, mode_t mode) { return open_at(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *name, mode_t mode) { return creat(name, mode); }

int mkdirat(int folder, const char *name, mode_t mode) {
    char buffer[PATH_MAX];
    const char *path = below(folder, name, buffer);
    if (!path) return syscall(SYS_mkdirat, folder, name, mode);
    pthread_mutex_lock(&lock);
    struct stat status;
    int made = syscall(SYS_mkdirat, folder, name, mode), error = errno;
    if (made == 0 && fstatat(folder, name, &status, 0) == 0) {
        find(status.st_ino, 1);
        note(MKDIR, status.st_ino, 0, path, strlen(path));
    }
    pthread_mutex_unlock(&lock);
    errno = error;
    return made;
}
int mkdir(const char *name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }

int unlinkat(int folder, const char *name, int flags) {
    char buffer[PATH_MAX];
    const char *path = below(folder, name, buffer);
    if (!path) return syscall(SYS_unlinkat, folder, name, flags);
    pthread_mutex_lock(&lock);
    int gone = syscall(SYS_unlinkat, folder, name, flags), error = errno;
    if (gone == 0) note(UNLINK, 0, 0, path, strlen(path));
    pthread_mutex_unlock(&lock);
    errno = error;
    return gone;
}
int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }
int rmdir(const char *name) { return unlinkat(AT_FDCWD, name, AT_REMOVEDIR); }

/* `rename` and `link` both: two names, a NUL between them. Both have to be below the root, or neither. */
static void note_two(enum kind kind, const char *old, const char *new) {
    char names[2 * PATH_MAX];
    size_t first = strlen(old) + 1, second = strlen(new);
    memcpy(names, old, first);
    memcpy(names + first, new, second);
    note(kind, 0, 0, names, first + second);
}

int renameat2(int from, const char *old, int to, const char *new, unsigned flags) {
    char old_buffer[PATH_MAX], new_buffer[PATH_MAX];
    const char *old_path = below(from, old, old_buffer), *new_path = below(to, new, new_buffer);
    if (!old_path && !new_path) return syscall(SYS_renameat2, from, old, to, new, flags);
    if (!old_path || !new_path) die("fault: a rename leads out of the watched folder\n");
    pthread_mutex_lock(&lock);
    int moved = syscall(SYS_renameat2, from, old, to, new, flags), error = errno;
    if (moved == 0) note_two(RENAME, old_path, new_path);
    pthread_mutex_unlock(&lock);
    errno = error;
    return moved;
}
int renameat(int from, const char *old, int to, const char *new) { return renameat2(from, old, to, new, 0); }
int rename(const char *old, const char *new) { return renameat2(AT_FDCWD, old, AT_FDCWD, new, 0); }

int linkat(int from, const char *old, int to, const char *new, int flags) {
    char old_buffer[PATH_MAX], new_buffer[PATH_MAX];
    const char *old_path = below(from, old, old_buffer), *new_path = below(to, new, new_buffer);
    if (!old_path && !new_path) return syscall(SYS_linkat, from, old, to, new, flags);
    if (!old_path || !new_path) die("fault: a link leads out of the watched folder\n");
    pthread_mutex_lock(&lock);
    int made = syscall(SYS_linkat, from, old, to, new, flags), error = errno;
    if (made == 0) note_two(LINK, old_path, new_path);
    pthread_mutex_unlock(&lock);
    errno = error;
    return made;
}
int link(const char *old, const char *new) { return linkat(AT_FDCWD, old, AT_FDCWD, new, 0); }

/* ---- contents */

/* How much of a write finds room; all of it unless the disk is full. Called with the lock held. */
static size_t fitting(const struct stat *status, uint64_t offset, size_t length) {
    uint64_t end = offset + length, size = status->st_size;
    if (room < 0 || end <= size) return length;
    uint64_t growth = end - size;
    if (growth > (uint64_t)room) {
        uint64_t missing = growth - room;
        room = 0;
        return missing >= length ? 0 : length - missing;
    }
    room -= growth;
    return length;
}

static ssize_t write_at(int fd, const void *bytes, size_t length, int64_t at) {
    struct stat status;
    if (acks_inode && fstat(fd, &status) == 0 && status.st_ino == acks_inode) {
        pthread_mutex_lock(&lock);
        note(ACK, 0, 0, bytes, length);
        pthread_mutex_unlock(&lock);
        return length;
    }
    pthread_mutex_lock(&lock);
    struct inode *inode = watched(fd, &status);
    if (!inode) {
        pthread_mutex_unlock(&lock);
        return at < 0 ? syscall(SYS_write, fd, bytes, length) : syscall(SYS_pwrite64, fd, bytes, length, at);
    }
    uint64_t offset = at >= 0                                        ? (uint64_t)at
                      : syscall(SYS_fcntl, fd, F_GETFL) & O_APPEND ? (uint64_t)status.st_size
                                                                     : (uint64_t)lseek(fd, 0, SEEK_CUR);
    size_t fits = fitting(&status, offset, length);
    ssize_t written;
    int error = ENOSPC;
    if (length > 0 && fits == 0) {
        note(FULL, status.st_ino, 0, NULL, 0);
        written = -1;
    } else {
        written = at < 0 ? syscall(SYS_write, fd, bytes, fits) : syscall(SYS_pwrite64, fd, bytes, fits, at);
        error = errno;
        if (written > 0) note(WRITE, status.st_ino, offset, bytes, written);
    }
    pthread_mutex_unlock(&lock);
    errno = error;
    return written;
}

ssize_t write(int fd, const void *bytes, size_t length) { return write_at(fd, bytes, length, -1); }
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return write_at(fd, bytes, length, at); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) { return write_at(fd, bytes, length, at); }

/* The first part that is not empty; callers go on with the rest, as after any short write. */
static ssize_t write_first(int fd, const struct iovec *parts, int count, int64_t at) {
    struct stat status;
    pthread_mutex_lock(&lock);
    int ours = trace >= 0 && fstat(fd, &status) == 0 && (status.st_ino == acks_inode || watched(fd, &status));
    pthread_mutex_unlock(&lock);
    if (!ours)
        return at < 0 ? syscall(SYS_writev, fd, parts, count)
                      : syscall(SYS_pwritev, fd, parts, count, (long)at, (long)0);
    for (int part = 0; part < count; part++)
        if (parts[part].iov_len) return write_at(fd, parts[part].iov_base, parts[part].iov_len, at);
    return 0;
}
ssize_t writev(int fd, const struct iovec *parts, int count) { return write_first(fd, parts, count, -1); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return write_first(fd, parts, count, at); }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) { return write_first(fd, parts, count, at); }

static int is_watched(int fd) {
    struct stat status;
    pthread_mutex_lock(&lock);
    int ours = watched(fd, &status) != NULL;
    pthread_mutex_unlock(&lock);
    return ours;
}

/* Copies inside the kernel are refused, so that callers read and write instead. */
ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t length, unsigned flags) {
    return is_watched(out) ? refuse(ENOSYS) : syscall(SYS_copy_file_range, in, from, out, to, length, flags);
}
ssize_t sendfile(int out, int in, off_t *from, size_t length) {
    return is_watched(out) ? refuse(EINVAL) : syscall(SYS_sendfile, out, in, from, length);
}
ssize_t sendfile64(int out, int in, off64_t *from, size_t length) { return sendfile(out, in, from, length); }
ssize_t splice(int in, off64_t *from, int out, off64_t *to, size_t length, unsigned flags) {
    return is_watched(out) ? refuse(EINVAL) : syscall(SYS_splice, in, from, out, to, length, flags);
}
int fallocate(int fd, int mode, off_t at, off_t length) {
    return is_watched(fd) ? refuse(EOPNOTSUPP) : syscall(SYS_fallocate, fd, mode, at, length);
}
int fallocate64(int fd, int mode, off64_t at, off64_t length) { return fallocate(fd, mode, at, length); }
int posix_fallocate(int fd, off_t at, off_t length) { return fallocate(fd, 0, at, length) ? errno : 0; }
int posix_fallocate64(int fd, off64_t at, off64_t length) { return posix_fallocate(fd, at, length); }

int ftruncate(int fd, off_t length) {
    struct stat status;
    pthread_mutex_lock(&lock);
    struct inode *inode = watched(fd, &status);
    int done = syscall(SYS_ftruncate, fd, length), error = errno;
    if (inode && done == 0) note(TRUNCATE, status.st_ino, length, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}
int ftruncate64(int fd, off64_t length) { return ftruncate(fd, length); }

/* A page written through memory would not be seen here. */
void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t at) {
    if (fd >= 0 && flags & MAP_SHARED && protection & PROT_WRITE && is_watched(fd))
        die("fault: a watched file is written through memory\n");
    return (void *)syscall(SYS_mmap, address, length, protection, flags, fd, at);
}
void *mmap64(void *address, size_t length, int protection, int flags, int fd, off64_t at) {
    return mmap(address, length, protection, flags, fd, at);
}

/* ---- syncs */

static int sync_one(int fd, long call) {
    struct stat status;
    pthread_mutex_lock(&lock);
    struct inode *inode = watched(fd, &status);
    if (!inode) {
        pthread_mutex_unlock(&lock);
        return syscall(call, fd);
    }
    uint64_t token = ++next_token;
    if (++syncs == fails_at) {
        inode->failures++;
        note(SYNC_FAILED, status.st_ino, token, NULL, 0);
    } else {
        note(SYNC_BEGAN, status.st_ino, token, NULL, 0);
    }
    int told = fd < DESCRIPTORS && seen[fd] != inode->failures;
    if (told) seen[fd] = inode->failures;
    pthread_mutex_unlock(&lock);
    struct timespec moment = { 0, DISK_TAKES };
    nanosleep(&moment, NULL);
    pthread_mutex_lock(&lock);
    /* Also what failed meanwhile. */
    if (fd < DESCRIPTORS && seen[fd] != inode->failures) {
        seen[fd] = inode->failures;
        told = 1;
    }
    if (!told) note(SYNC_ENDED, status.st_ino, token, NULL, 0);
    pthread_mutex_unlock(&lock);
    return told ? refuse(EIO) : 0;
}
int fsync(int fd) { return sync_one(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_one(fd, SYS_fdatasync); }

/* Writes back, and promises nothing. */
int sync_file_range(int fd, off64_t at, off64_t length, unsigned flags) {
    return is_watched(fd) ? 0 : syscall(SYS_sync_file_range, fd, at, length, flags);
}

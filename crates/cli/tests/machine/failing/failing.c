/* Runs a program and makes one of its system calls fail, or be its last.
 *
 * failing WAY NTH FOLDERS PROGRAM [ARGUMENT…]
 *
 * Counted are the calls that open, write, sync, cut, move, make or remove something below one of the FOLDERS (absolute, separated by
 * colons), over all threads. WAY says what becomes of the NTH: "io" (EIO) and "room" (ENOSPC) make it fail, "full" makes it and every later
 * write fail with ENOSPC, "kill" ends the program before it. With "answered" every call counts that comes after an answer of HTTP was read,
 * and the NTH ends the program before it. The last line on stdout, "calls N", says how many there were.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <sys/user.h>
#endif

/* As in linux/ptrace.h; the C libraries name it differently. */
struct call {
    uint8_t op, padding[3];
    uint32_t arch;
    uint64_t pointer, stack, number, arguments[6];
};
enum { GET_SYSCALL_INFO = 0x420e, ENTRY = 1, EXIT = 2, POKE = 6 };

static const char *folders;

static int inside(const char *path) {
    const char *folder = folders;
    while (*folder) {
        size_t length = strcspn(folder, ":");
        if (length && strncmp(path, folder, length) == 0 && (path[length] == 0 || path[length] == '/')) return 1;
        folder += length;
        if (*folder == ':') folder++;
    }
    return 0;
}

static int of_descriptor(pid_t pid, long descriptor, char *path) {
    char link[64];
    if ((int)descriptor == AT_FDCWD) snprintf(link, sizeof link, "/proc/%d/cwd", pid);
    else snprintf(link, sizeof link, "/proc/%d/fd/%d", pid, (int)descriptor);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return 1;
}

static int of_name(pid_t pid, long folder, unsigned long address, char *path) {
    char name[PATH_MAX];
    size_t length = 0;
    while (length < sizeof name) {
        /* A page at a time: the next one may not be there. */
        size_t piece = 4096 - ((address + length) % 4096);
        if (piece > sizeof name - length) piece = sizeof name - length;
        struct iovec here = {name + length, piece}, there = {(void *)(address + length), piece};
        ssize_t got = process_vm_readv(pid, &here, 1, &there, 1, 0);
        if (got <= 0) return 0;
        if (memchr(name + length, 0, (size_t)got)) break;
        length += (size_t)got;
    }
    name[sizeof name - 1] = 0;
    if (name[0] == '/') {
        strcpy(path, name);
        return 1;
    }
    if (!of_descriptor(pid, folder, path)) return 0;
    size_t before = strlen(path);
    snprintf(path + before, PATH_MAX - before, "/%s", name);
    return 1;
}

/* Whether a call is one of those counted; `writes` whether it needs room. */
static int counted(pid_t pid, const struct call *call, int *writes) {
    char path[PATH_MAX];
    const uint64_t *a = call->arguments;
    *writes = 0;
    switch (call->number) {
#ifdef SYS_open
    case SYS_open: *writes = (a[1] & O_CREAT) != 0; return of_name(pid, AT_FDCWD, a[0], path) && inside(path);
    case SYS_rename: *writes = 1; return of_name(pid, AT_FDCWD, a[1], path) && inside(path);
    case SYS_mkdir: *writes = 1; return of_name(pid, AT_FDCWD, a[0], path) && inside(path);
    case SYS_unlink:
    case SYS_rmdir: return of_name(pid, AT_FDCWD, a[0], path) && inside(path);
#endif
    case SYS_openat: *writes = (a[2] & O_CREAT) != 0; return of_name(pid, (long)a[0], a[1], path) && inside(path);
#ifdef SYS_renameat
    case SYS_renameat:
#endif
    case SYS_renameat2: *writes = 1; return of_name(pid, (long)a[2], a[3], path) && inside(path);
    case SYS_mkdirat: *writes = 1; return of_name(pid, (long)a[0], a[1], path) && inside(path);
    case SYS_linkat: *writes = 1; return of_name(pid, (long)a[2], a[3], path) && inside(path);
    case SYS_unlinkat: return of_name(pid, (long)a[0], a[1], path) && inside(path);
    case SYS_write:
    case SYS_writev:
    case SYS_pwrite64: *writes = 1; return of_descriptor(pid, (long)a[0], path) && inside(path);
    case SYS_fsync:
    case SYS_fdatasync:
    case SYS_ftruncate: return of_descriptor(pid, (long)a[0], path) && inside(path);
    default: return 0;
    }
}

static void skip(pid_t pid) {
#if defined(__x86_64__)
    ptrace(POKE, pid, (void *)offsetof(struct user_regs_struct, orig_rax), (void *)-1L);
#elif defined(__aarch64__)
    int none = -1;
    struct iovec set = {&none, sizeof none};
    ptrace(PTRACE_SETREGSET, pid, (void *)NT_ARM_SYSTEM_CALL, &set);
#else
#error "how this machine hands back a result is not known here"
#endif
}

static void answer(pid_t pid, long result) {
#if defined(__x86_64__)
    ptrace(POKE, pid, (void *)offsetof(struct user_regs_struct, rax), (void *)result);
#elif defined(__aarch64__)
    unsigned long regs[34];
    struct iovec set = {regs, sizeof regs};
    ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &set);
    regs[0] = (unsigned long)result;
    ptrace(PTRACE_SETREGSET, pid, (void *)NT_PRSTATUS, &set);
#endif
}

/* Whether a call that has ended has read the beginning of an answer; `entered` is how it began. */
static int has_answer(pid_t pid, const struct call *entered, long result) {
    static const char head[] = "HTTP/";
    char start[sizeof head - 1], path[PATH_MAX];
    if (entered->number != SYS_recvfrom && entered->number != SYS_read) return 0;
    if (result < (long)sizeof start || !of_descriptor(pid, (long)entered->arguments[0], path)) return 0;
    if (strncmp(path, "socket:", 7) != 0) return 0;
    struct iovec here = {start, sizeof start}, there = {(void *)entered->arguments[1], sizeof start};
    return process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)sizeof start && memcmp(start, head, sizeof start) == 0;
}

enum { THREADS = 4096 };
static pid_t failing[THREADS];
static struct call entered[THREADS];

int main(int count, char **words) {
    if (count < 5) return 64;
    const char *way = words[1];
    long nth = atol(words[2]), calls = 0;
    folders = words[3];
    int full = strcmp(way, "full") == 0, ends = strcmp(way, "kill") == 0;
    int waits = strcmp(way, "answered") == 0, answered = 0;
    long error = strcmp(way, "io") == 0 ? -EIO : -ENOSPC;
    pid_t child = fork();
    if (child < 0) return 71;
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, 0, 0)) _exit(72);
        raise(SIGSTOP);
        execv(words[4], words + 4);
        _exit(127);
    }
    int status, code = 70;
    if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) return 72;
    long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
    if (ptrace(PTRACE_SETOPTIONS, child, 0, (void *)options)) return 72;
    ptrace(PTRACE_SYSCALL, child, 0, 0);
    for (;;) {
        pid_t pid = waitpid(-1, &status, __WALL);
        if (pid < 0) break;
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            if (pid == child) code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            continue;
        }
        int signal = WSTOPSIG(status), pass = 0;
        if (signal == (SIGTRAP | 0x80)) {
            struct call call;
            memset(&call, 0, sizeof call);
            if (ptrace(GET_SYSCALL_INFO, pid, (void *)sizeof call, &call) > 0) {
                int writes;
                if (waits) {
                    struct call *began = &entered[pid % THREADS];
                    if (call.op == ENTRY && answered && ++calls == nth) {
                        kill(child, SIGKILL);
                        continue;
                    }
                    /* Where a call has ended, its result stands in the place of its number. */
                    if (call.op == EXIT && !answered) answered = has_answer(pid, began, (long)call.number);
                    if (call.op == ENTRY) *began = call;
                } else if (call.op == ENTRY && counted(pid, &call, &writes)) {
                    calls++;
                    if (ends && calls == nth) {
                        kill(child, SIGKILL);
                        continue;
                    }
                    if (!ends && (full ? calls >= nth && writes : calls == nth)) {
                        skip(pid);
                        failing[pid % THREADS] = pid;
                    }
                } else if (call.op == EXIT && failing[pid % THREADS] == pid) {
                    failing[pid % THREADS] = 0;
                    answer(pid, error);
                }
            }
        } else if (signal != SIGTRAP && signal != SIGSTOP) {
            pass = signal;
        }
        ptrace(PTRACE_SYSCALL, pid, 0, (void *)(long)pass);
    }
    printf("calls %ld\n", calls);
    return code;
}

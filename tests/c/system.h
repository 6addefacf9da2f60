/* What the C programs of the tests ask of the system. Include it first. */
#ifndef SYSTEM_H
#define SYSTEM_H

#ifdef _WIN32

#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <tlhelp32.h>

static inline void sleep_us(long us) {
    Sleep((DWORD)((us + 999) / 1000));
}

/* Calls this with the id of each thread of this process; how many there are. */
static inline int each_thread(void (*call)(DWORD)) {
    HANDLE list = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    THREADENTRY32 thread;
    thread.dwSize = sizeof thread;
    int count = 0;
    for (BOOL more = Thread32First(list, &thread); more; more = Thread32Next(list, &thread)) {
        if (thread.th32OwnerProcessID != GetCurrentProcessId()) continue;
        if (call != NULL) call(thread.th32ThreadID);
        count++;
    }
    CloseHandle(list);
    return count;
}

static inline int threads(void) {
    return each_thread(NULL);
}

static inline void *open_library(const char *path) {
    return LoadLibraryA(path);
}

static inline void *address_in(void *library, const char *name) {
    return (void *)(INT_PTR)GetProcAddress(library, name);
}

static inline int close_library(void *library) {
    return FreeLibrary(library);
}

#else

#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700
#endif
#include <dirent.h>
#include <dlfcn.h>
#include <stddef.h>
#include <time.h>

static inline void sleep_us(long us) {
    struct timespec time = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&time, NULL);
}

/* Threads of this process; 0 where the system does not tell. */
static inline int threads(void) {
    DIR *tasks = opendir("/proc/self/task");
    if (tasks == NULL) return 0;
    int count = 0;
    for (struct dirent *task; (task = readdir(tasks)) != NULL;) count += task->d_name[0] != '.';
    closedir(tasks);
    return count;
}

static inline void *open_library(const char *path) {
    return dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

static inline void *address_in(void *library, const char *name) {
    return dlsym(library, name);
}

static inline int close_library(void *library) {
    return dlclose(library) == 0;
}

#endif

static inline void sleep_ms(long ms) {
    sleep_us(ms * 1000);
}

#endif

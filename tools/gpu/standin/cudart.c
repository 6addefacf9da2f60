/* Stands in for NVIDIA's runtime: a device that remembers and copies, and computes nothing. What ONNX Runtime's CUDA
 * provider does with memory, streams and graphs shows without a GPU; numbers do not.
 *
 * Its memory has addresses that no program can read: one that takes them for its own ends at once. */
#define _GNU_SOURCE
#include <cuda_runtime_api.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "standin.h"

/* Addresses, not bytes: they are not used twice. */
#define ADDRESSES ((size_t)1 << 40)
#define PAGE ((size_t)4096)
#define MEMORY ((size_t)8 << 30)

static struct standin counts;
static atomic_uint_fast64_t limit = MEMORY;
/* Errors of kernels stay until the process ends, as CUDA's do. */
static atomic_int lasting;
static atomic_int next_error;
static atomic_int_fast64_t launches_left = -1;

/* Memory: one file, mapped where nobody may look, and once more for ourselves. */
static char *device, *shadow;
static int file;
static size_t top = PAGE;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void)
{
    file = memfd_create("standin", 0);
    if (file < 0 || ftruncate(file, ADDRESSES) != 0) abort();
    device = mmap(NULL, ADDRESSES, PROT_NONE, MAP_SHARED | MAP_NORESERVE, file, 0);
    shadow = mmap(NULL, ADDRESSES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file, 0);
    if (device == MAP_FAILED || shadow == MAP_FAILED) abort();
}

/* Whoever comes after that is told so, as by CUDA. */
__attribute__((destructor)) static void end(void) { lasting = cudaErrorCudartUnloading; }

void standin_read(struct standin *out) { memcpy(out, &counts, sizeof counts); }

void standin_fail(int64_t launches, int error)
{
    next_error = error;
    lasting = 0;
    launches_left = error != 0 ? launches : -1;
}

void standin_limit(uint64_t bytes) { limit = bytes != 0 ? bytes : MEMORY; }

static int is_device(const void *p) { return (const char *)p >= device && (const char *)p < device + ADDRESSES; }

static void *readable(const void *p) { return is_device(p) ? shadow + ((const char *)p - device) : (void *)p; }

/* A block begins with its size, in a page of its own before it. */
cudaError_t cudaMalloc(void **out, size_t bytes)
{
    size_t whole = (bytes + PAGE - 1) / PAGE * PAGE;
    cudaError_t error = lasting;
    *out = NULL;
    pthread_mutex_lock(&lock);
    if (error == cudaSuccess && counts.held + whole > limit) error = cudaErrorMemoryAllocation;
    if (error == cudaSuccess) {
        *(size_t *)(shadow + top) = whole;
        *out = device + top + PAGE;
        top += whole + PAGE;
        counts.held += whole;
    }
    pthread_mutex_unlock(&lock);
    return error;
}

cudaError_t cudaFree(void *p)
{
    if (p == NULL) return cudaSuccess;
    pthread_mutex_lock(&lock);
    size_t at = (char *)p - device - PAGE;
    size_t whole = is_device(p) ? *(size_t *)(shadow + at) : 0;
    cudaError_t error = whole != 0 ? cudaSuccess : cudaErrorInvalidValue;
    if (error == cudaSuccess) {
        counts.held -= whole;
        if (fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, whole + PAGE) != 0) abort();
    }
    pthread_mutex_unlock(&lock);
    return lasting ? lasting : error;
}

cudaError_t cudaMallocHost(void **out, size_t bytes) { return posix_memalign(out, PAGE, bytes) ? cudaErrorMemoryAllocation : lasting; }
cudaError_t cudaHostAlloc(void **out, size_t bytes, unsigned flags) { return cudaMallocHost(out, bytes); }
cudaError_t cudaFreeHost(void *p) { return free(p), lasting; }

cudaError_t cudaMemGetInfo(size_t *left, size_t *all)
{
    *all = MEMORY;
    *left = MEMORY - counts.held;
    return lasting;
}

cudaError_t cudaPointerGetAttributes(struct cudaPointerAttributes *out, const void *p)
{
    memset(out, 0, sizeof *out);
    out->type = is_device(p) ? cudaMemoryTypeDevice : cudaMemoryTypeUnregistered;
    out->devicePointer = (void *)p;
    return cudaSuccess;
}

/* Copies. */
static _Thread_local int captures;

cudaError_t cudaMemcpy(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind)
{
    if (lasting) return lasting;
    if (is_device(to) && !is_device(from)) counts.to_device += bytes;
    if (!is_device(to) && is_device(from)) counts.to_host += bytes;
    /* What is recorded would be copied from the same place at each replay. */
    if (captures && is_device(to) != is_device(from)) counts.captured_copies++;
    memmove(readable(to), readable(from), bytes);
    return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind, cudaStream_t stream)
{
    return cudaMemcpy(to, from, bytes, kind);
}

cudaError_t cudaMemcpy2DAsync(void *to, size_t to_pitch, const void *from, size_t from_pitch, size_t width,
                              size_t height, enum cudaMemcpyKind kind, cudaStream_t stream)
{
    for (size_t i = 0; i < height; i++) {
        cudaMemcpy((char *)to + i * to_pitch, (const char *)from + i * from_pitch, width, kind);
    }
    return lasting;
}

cudaError_t cudaMemset(void *p, int byte, size_t bytes)
{
    if (!lasting) memset(readable(p), byte, bytes);
    return lasting;
}

cudaError_t cudaMemsetAsync(void *p, int byte, size_t bytes, cudaStream_t stream) { return cudaMemset(p, byte, bytes); }

/* Kernels. */
static cudaError_t launch(void)
{
    if (launches_left >= 0 && launches_left-- == 0) lasting = next_error;
    counts.launches++;
    return lasting;
}

cudaError_t cudaLaunchKernel(const void *kernel, dim3 grid, dim3 block, void **arguments, size_t shared, cudaStream_t stream)
{
    return launch();
}

cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t *config, const void *kernel, void **arguments) { return launch(); }

cudaError_t __cudaLaunchKernel(void *kernel, dim3 grid, dim3 block, void **arguments, size_t shared, cudaStream_t stream)
{
    return launch();
}

cudaError_t __cudaGetKernel(void **out, const void *function) { return *out = (void *)function, cudaSuccess; }

cudaError_t __cudaPopCallConfiguration(dim3 *grid, dim3 *block, size_t *shared, void *stream)
{
    *grid = *block = (dim3){1, 1, 1};
    *shared = 0;
    *(cudaStream_t *)stream = NULL;
    return cudaSuccess;
}

cudaError_t cudaFuncGetAttributes(struct cudaFuncAttributes *out, const void *kernel)
{
    memset(out, 0, sizeof *out);
    out->maxThreadsPerBlock = 1024;
    out->numRegs = 32;
    out->binaryVersion = out->ptxVersion = 86;
    return cudaSuccess;
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *out, const void *kernel, int block, size_t shared,
                                                                   unsigned flags)
{
    return *out = 1, cudaSuccess;
}

/* Whatever is only handed back. */
static void *handle(void) { return calloc(1, 256); }

void **__cudaRegisterFatBinary(void *binary) { return handle(); }
cudaError_t cudaStreamCreate(cudaStream_t *out) { return *out = handle(), lasting; }
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *out, unsigned flags) { return *out = handle(), lasting; }
cudaError_t cudaStreamDestroy(cudaStream_t stream) { return free(stream), lasting; }
cudaError_t cudaStreamSynchronize(cudaStream_t stream) { return lasting; }
cudaError_t cudaDeviceSynchronize(void) { return lasting; }
cudaError_t cudaGetLastError(void) { return lasting; }
cudaError_t cudaPeekAtLastError(void) { return lasting; }
cudaError_t cudaEventCreate(cudaEvent_t *out) { return *out = handle(), lasting; }
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *out, unsigned flags) { return *out = handle(), lasting; }
/* CUDA gives the lasting error here too, and ONNX Runtime, which destroys events as a run fails, ends the process. Only
 * runs that wait for the CPU have events: the text encoder's. Where that dies, no test can go on. */
cudaError_t cudaEventDestroy(cudaEvent_t event) { return free(event), cudaSuccess; }

/* Graphs. */
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, enum cudaStreamCaptureMode mode) { return captures = 1, lasting; }

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *out)
{
    captures = 0;
    counts.graphs++;
    return *out = handle(), lasting;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, enum cudaStreamCaptureStatus *out)
{
    *out = captures ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
    return lasting;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *out, cudaGraph_t graph, unsigned long long flags)
{
    return *out = handle(), lasting;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t stream)
{
    counts.replays++;
    return launch();
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) { return free(graph), lasting; }
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graph) { return free(graph), lasting; }

/* The adapter: no larger than a player's. */
cudaError_t cudaGetDeviceCount(int *out) { return *out = 1, cudaSuccess; }
cudaError_t cudaGetDevice(int *out) { return *out = 0, cudaSuccess; }
cudaError_t cudaSetDevice(int index) { return index == 0 ? lasting : cudaErrorInvalidDevice; }
cudaError_t cudaDriverGetVersion(int *out) { return *out = CUDART_VERSION, cudaSuccess; }
cudaError_t cudaRuntimeGetVersion(int *out) { return *out = CUDART_VERSION, cudaSuccess; }

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *out, int index)
{
    *out = (struct cudaDeviceProp){
        .name = STANDIN_NAME, .totalGlobalMem = MEMORY, .major = 8, .minor = 6, .multiProcessorCount = 30,
        .warpSize = 32, .maxThreadsPerBlock = 1024, .maxThreadsDim = {1024, 1024, 64},
        .maxGridSize = {2147483647, 65535, 65535}, .maxThreadsPerMultiProcessor = 1536, .maxBlocksPerMultiProcessor = 16,
        .sharedMemPerBlock = 48 << 10, .sharedMemPerBlockOptin = 99 << 10, .sharedMemPerMultiprocessor = 100 << 10,
        .regsPerBlock = 65536, .regsPerMultiprocessor = 65536, .l2CacheSize = 4 << 20, .unifiedAddressing = 1,
        .concurrentKernels = 1, .textureAlignment = 512,
    };
    return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int *out, enum cudaDeviceAttr attribute, int index)
{
    struct cudaDeviceProp adapter;
    cudaGetDeviceProperties(&adapter, index);
    switch (attribute) {
        case cudaDevAttrComputeCapabilityMajor: *out = adapter.major; break;
        case cudaDevAttrComputeCapabilityMinor: *out = adapter.minor; break;
        case cudaDevAttrMultiProcessorCount: *out = adapter.multiProcessorCount; break;
        case cudaDevAttrWarpSize: *out = adapter.warpSize; break;
        case cudaDevAttrMaxThreadsPerBlock: *out = adapter.maxThreadsPerBlock; break;
        case cudaDevAttrMaxSharedMemoryPerBlock: *out = (int)adapter.sharedMemPerBlock; break;
        case cudaDevAttrMaxSharedMemoryPerBlockOptin: *out = (int)adapter.sharedMemPerBlockOptin; break;
        default: *out = 0;
    }
    return cudaSuccess;
}

cudaError_t cudaGetDriverEntryPointByVersion(const char *name, void **out, unsigned version, unsigned long long flags,
                                             enum cudaDriverEntryPointQueryResult *result)
{
    *out = NULL;
    if (result != NULL) *result = cudaDriverEntryPointSymbolNotFound;
    return cudaSuccess;
}

/* In NVIDIA's words. */
const char *cudaGetErrorName(cudaError_t error)
{
    switch (error) {
        case cudaErrorMemoryAllocation: return "cudaErrorMemoryAllocation";
        case cudaErrorIllegalAddress: return "cudaErrorIllegalAddress";
        case cudaErrorLaunchTimeout: return "cudaErrorLaunchTimeout";
        default: return "cudaErrorUnknown";
    }
}

const char *cudaGetErrorString(cudaError_t error)
{
    switch (error) {
        case cudaErrorMemoryAllocation: return "out of memory";
        case cudaErrorIllegalAddress: return "an illegal memory access was encountered";
        case cudaErrorLaunchTimeout: return "the launch timed out and was terminated";
        default: return "unknown error";
    }
}

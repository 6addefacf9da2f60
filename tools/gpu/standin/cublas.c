/* Stands in for cuBLAS: products that are nothing. */
#include <stdlib.h>

int cublasCreate_v2(void **out) { return *out = calloc(1, 256), 0; }
int cublasDestroy_v2(void *handle) { return free(handle), 0; }
int cublasGetMathMode(void *handle, int *out) { return *out = 0, 0; }
const char *cublasGetStatusName(int status) { return "CUBLAS_STATUS_INTERNAL_ERROR"; }
const char *cublasGetStatusString(int status) { return "an internal operation failed"; }

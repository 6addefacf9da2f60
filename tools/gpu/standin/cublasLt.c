/* Stands in for cuBLASLt. */
#include <stdlib.h>

int cublasLtCreate(void **out) { return *out = calloc(1, 256), 0; }
int cublasLtMatmulDescCreate(void **out) { return *out = calloc(1, 256), 0; }
int cublasLtMatmulPreferenceCreate(void **out) { return *out = calloc(1, 256), 0; }
int cublasLtMatrixLayoutCreate(void **out) { return *out = calloc(1, 256), 0; }
int cublasLtMatrixTransformDescCreate(void **out) { return *out = calloc(1, 256), 0; }

int cublasLtMatmulAlgoGetHeuristic(void *handle, void *operation, void *a, void *b, void *c, void *d, void *preference,
                                   int asked, void *results, int *found)
{
    return *found = 1, 0;
}

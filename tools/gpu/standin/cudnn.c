/* Stands in for cuDNN: convolutions that are nothing, by the first plan that is asked for. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Of cudnn_graph.h. */
enum { INT64 = 3, DESCRIPTOR = 15, INT32 = 23 };
enum { HEURISTICS = 202 };

static int handle(void **out) { return *out = calloc(1, 256), 0; }

size_t cudnnGetVersion(void) { return 91002; }
const char *cudnnGetErrorString(int status) { return "CUDNN_STATUS_INTERNAL_ERROR"; }
void cudnnGetLastErrorString(char *out, size_t length) { if (length != 0) *out = 0; }

int cudnnCreate(void **out) { return handle(out); }
int cudnnGetStream(void *cudnn, void **out) { return *out = NULL, 0; }
int cudnnCreateTensorDescriptor(void **out) { return handle(out); }
int cudnnCreateFilterDescriptor(void **out) { return handle(out); }
int cudnnCreateConvolutionDescriptor(void **out) { return handle(out); }
int cudnnCreateActivationDescriptor(void **out) { return handle(out); }
int cudnnCreatePoolingDescriptor(void **out) { return handle(out); }
int cudnnCreateReduceTensorDescriptor(void **out) { return handle(out); }
int cudnnBackendCreateDescriptor(int kind, void **out) { return handle(out); }

int cudnnGetReductionWorkspaceSize(void *cudnn, void *reduction, void *from, void *to, size_t *out) { return *out = 0; }
int cudnnGetReductionIndicesSize(void *cudnn, void *reduction, void *from, void *to, size_t *out) { return *out = 0; }

int cudnnBackendGetAttribute(void *descriptor, int name, int type, int64_t asked, int64_t *found, void *out)
{
    /* Of plans there is one; of numbers, as many as are asked for, all 0; of the rest nothing. */
    int64_t have = type == DESCRIPTOR || type == INT64 || type == INT32;
    if (name == HEURISTICS) have = asked > 0 || out == NULL;
    if (have && out != NULL && type == INT64) memset(out, 0, 8 * asked);
    if (have && out != NULL && type == INT32) memset(out, 0, 4 * asked);
    if (found != NULL) *found = have;
    return 0;
}

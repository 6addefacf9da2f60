/* Stands in for NVIDIA's driver, as far as it is asked. */
#include <stddef.h>
#include <stdio.h>

#include "standin.h"

int cuInit(unsigned flags) { return 0; }
int cuDriverGetVersion(int *out) { return *out = 13000, 0; }
int cuDeviceGetCount(int *out) { return *out = 1, 0; }
int cuDeviceGet(int *out, int index) { return *out = index, 0; }
int cuDeviceGetName(char *out, int length, int device) { return snprintf(out, length, STANDIN_NAME), 0; }
int cuDeviceTotalMem_v2(size_t *out, int device) { return *out = (size_t)8 << 30, 0; }
int cuTensorMapEncodeTiled(void) { return 1; }

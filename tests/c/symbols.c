/* A debugger finds the names of the library's functions in scumble.pdb, which lies in the folder of its argument. */
#include "system.h"
#include <dbghelp.h>
#include <stdio.h>
#include <string.h>

static BOOL CALLBACK count(SYMBOL_INFO *symbol, ULONG size, void *ours) {
    (void)size;
    *(int *)ours += strstr(symbol->Name, "scumble") != NULL;
    return TRUE;
}

int main(int argc, char **argv) {
    void *library = argc == 2 ? open_library("scumble.dll") : NULL;
    HANDLE process = GetCurrentProcess();
    if (library == NULL || !SymInitialize(process, argv[1], TRUE)) return 1;
    IMAGEHLP_MODULE64 module;
    module.SizeOfStruct = sizeof module;
    if (!SymGetModuleInfo64(process, (DWORD64)(INT_PTR)library, &module)) return 2;
    if (module.SymType != SymPdb) return printf("symbols are of type %d\n", module.SymType), 3;
    int ours = 0;
    SymEnumSymbols(process, module.BaseOfImage, "*", count, &ours);
    printf("%d functions of Scumble have names\n", ours);
    return ours > 100 ? 0 : 4; /* more than are exported */
}

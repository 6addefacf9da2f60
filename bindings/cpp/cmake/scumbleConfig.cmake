# find_package(scumble CONFIG): the target scumble::scumble, for C and C++.
#
#   find_package(scumble 0.1 CONFIG REQUIRED)
#   target_link_libraries(game PRIVATE scumble::scumble)
#
# scumble_RUNTIME_FILES lists what a game ships beside its program: the library and its ONNX Runtime.
#
# Everything is found from the place of this file, so the SDK may lie anywhere.
get_filename_component(_scumble_sdk "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
if(WIN32)
    set(_scumble_library "${_scumble_sdk}/bin/scumble.dll")
    set(scumble_RUNTIME_FILES "${_scumble_library}" "${_scumble_sdk}/bin/scumble_onnxruntime.dll")
else()
    set(_scumble_library "${_scumble_sdk}/lib/libscumble.so")
    set(scumble_RUNTIME_FILES "${_scumble_library}" "${_scumble_sdk}/lib/scumble_onnxruntime.so")
endif()
if(NOT EXISTS "${_scumble_library}")
    set(scumble_FOUND FALSE)
    set(scumble_NOT_FOUND_MESSAGE "this SDK is not for ${CMAKE_SYSTEM_NAME}: there is no ${_scumble_library}")
    return()
endif()

if(NOT TARGET scumble::scumble)
    add_library(scumble::scumble SHARED IMPORTED)
    set_target_properties(scumble::scumble PROPERTIES
        IMPORTED_LOCATION "${_scumble_library}"
        INTERFACE_INCLUDE_DIRECTORIES "${_scumble_sdk}/include")
    if(WIN32)
        set_target_properties(scumble::scumble PROPERTIES IMPORTED_IMPLIB "${_scumble_sdk}/lib/scumble.lib")
    else()
        set_target_properties(scumble::scumble PROPERTIES IMPORTED_SONAME libscumble.so)
    endif()
endif()
unset(_scumble_library)
unset(_scumble_sdk)

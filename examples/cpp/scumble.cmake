# Where the examples have Scumble from: the SDK that they lie in or, in the repository, what
# `cargo build --release` made. A game needs the first line alone.
get_filename_component(ROOT "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
find_package(scumble CONFIG PATHS "${ROOT}" QUIET)
if(NOT scumble_FOUND)
    set(SCUMBLE_LIBRARIES "${ROOT}/target/release" CACHE PATH "The folder of libscumble")
    add_library(scumble::scumble SHARED IMPORTED)
    set_target_properties(scumble::scumble PROPERTIES
        IMPORTED_LOCATION "${SCUMBLE_LIBRARIES}/libscumble.so"
        IMPORTED_SONAME libscumble.so
        INTERFACE_INCLUDE_DIRECTORIES "${ROOT}/include;${ROOT}/bindings/cpp/include")
endif()

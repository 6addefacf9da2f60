//! Names the shared library for the linker and, under the feature `fetch-runtime`,
//! brings ONNX Runtime's own library into cargo's target folder.

#[cfg(feature = "fetch-runtime")]
#[path = "build/fetch_runtime.rs"]
mod fetch_runtime;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    set_cdylib_link_arguments();
    #[cfg(feature = "fetch-runtime")]
    fetch_runtime::provide_onnxruntime();
}

/// The name lets a program that links the library find it beside itself, whatever path the
/// linker saw. `nodelete` keeps the library mapped after `dlclose`, because ONNX Runtime's
/// threads and thread-local destructors may still run its code.
fn set_cdylib_link_arguments() {
    let arguments: &[&str] = match std::env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("linux") => &["-Wl,-soname,libscumble.so", "-Wl,-z,nodelete"],
        Ok("macos") => &["-Wl,-install_name,@rpath/libscumble.dylib"],
        _ => &[],
    };
    for argument in arguments {
        println!("cargo::rustc-cdylib-link-arg={argument}");
    }
}

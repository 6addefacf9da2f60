//! NVIDIA's adapters, as the driver tells of them: quickly, without a CUDA context, and also where ONNX Runtime's
//! provider cannot be loaded.
//!
//! The driver's library is asked by hand, since it is not on every machine.
#![allow(unsafe_code)]

use std::ffi::{c_char, c_int, CStr};

use libloading::{Library, Symbol};

#[cfg(windows)]
const DRIVER: &str = "nvcuda.dll";
#[cfg(not(windows))]
const DRIVER: &str = "libcuda.so.1";

/// `CUDA_ERROR_NO_DEVICE`.
const NO_DEVICE: c_int = 100;

/// An adapter.
pub struct Adapter {
    pub name: String,
    /// Bytes of its memory.
    pub memory: u64,
}

type Call<A, B> = unsafe extern "system" fn(A, B) -> c_int;

/// The adapters in CUDA's order, or why there are none.
pub fn adapters() -> Result<Vec<Adapter>, String> {
    // SAFETY: what the driver's library does when it is loaded is the driver's business, as in any program that
    // uses CUDA. It stays loaded: threads of its own may run.
    let driver = unsafe { Library::new(DRIVER) };
    let driver = driver.map_err(|_| format!("no driver of NVIDIA's is installed: there is no {DRIVER}"))?;
    let driver: &'static Library = Box::leak(Box::new(driver));
    ask(driver).unwrap_or_else(|error| Err(format!("the NVIDIA driver does not answer: {error}")))
}

fn ask(driver: &Library) -> Result<Result<Vec<Adapter>, String>, libloading::Error> {
    // SAFETY: these are the names and types of CUDA's driver API, which do not change.
    let (init, count, get, name, memory, version) = unsafe {
        let init: Symbol<unsafe extern "system" fn(u32) -> c_int> = driver.get(b"cuInit\0")?;
        let count: Symbol<unsafe extern "system" fn(*mut c_int) -> c_int> = driver.get(b"cuDeviceGetCount\0")?;
        let get: Symbol<Call<*mut c_int, c_int>> = driver.get(b"cuDeviceGet\0")?;
        let name: Symbol<unsafe extern "system" fn(*mut c_char, c_int, c_int) -> c_int> =
            driver.get(b"cuDeviceGetName\0")?;
        let memory: Symbol<Call<*mut usize, c_int>> = driver.get(b"cuDeviceTotalMem_v2\0")?;
        let version: Symbol<unsafe extern "system" fn(*mut c_int) -> c_int> = driver.get(b"cuDriverGetVersion\0")?;
        (init, count, get, name, memory, version)
    };
    // SAFETY: each pointer is to memory of the size that the call writes.
    unsafe {
        match init(0) {
            0 => {}
            NO_DEVICE => return Ok(Err("the NVIDIA driver sees no adapter".into())),
            code => {
                let mut found = 0;
                version(&mut found);
                let found = format!("{}.{}", found / 1000, found % 1000 / 10);
                return Ok(Err(format!("the NVIDIA driver (for CUDA {found}) does not start: error {code}")));
            }
        }
        let mut adapters = 0;
        count(&mut adapters);
        let describe = |index: c_int| {
            let (mut device, mut bytes, mut text) = (0, 0usize, [0 as c_char; 128]);
            get(&mut device, index);
            memory(&mut bytes, device);
            name(text.as_mut_ptr(), text.len() as c_int - 1, device);
            let name = CStr::from_ptr(text.as_ptr()).to_string_lossy().into_owned();
            Adapter { name, memory: bytes as u64 }
        };
        Ok(match adapters {
            0 => Err("the NVIDIA driver sees no adapter".into()),
            _ => Ok((0..adapters).map(describe).collect()),
        })
    }
}

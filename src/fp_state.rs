//! The floating-point mode of a thread. Games flush denormals or unmask exceptions; the same
//! seed must paint the same picture there, and the host must find its mode as it was. So each call
//! of the C API and each thread of ours begins with the default mode, which Rust relies on too.
//!
//! Reading and writing the control register has no safe way.
#![allow(unsafe_code)]

/// Holds the default mode (round to nearest, denormals kept, exceptions masked) until dropped.
pub struct DefaultMode {
    before: Register,
}

impl DefaultMode {
    /// Sets the default mode on this thread.
    pub fn enter() -> Self {
        let before = read();
        write(DEFAULT);
        Self { before }
    }
}

impl Drop for DefaultMode {
    fn drop(&mut self) {
        write(self.before);
    }
}

#[cfg(target_arch = "x86_64")]
type Register = u32;
/// MXCSR as a process starts with it.
#[cfg(target_arch = "x86_64")]
const DEFAULT: Register = 0x1F80;

#[cfg(target_arch = "x86_64")]
fn read() -> Register {
    let mut value: Register = 0;
    // SAFETY: stores four bytes to where the pointer points.
    unsafe { std::arch::asm!("stmxcsr [{}]", in(reg) &mut value, options(nostack, preserves_flags)) };
    value
}

#[cfg(target_arch = "x86_64")]
fn write(value: Register) {
    // SAFETY: the value is the default or was read before, so no reserved bit is set.
    unsafe { std::arch::asm!("ldmxcsr [{}]", in(reg) &value, options(nostack, preserves_flags, readonly)) };
}

#[cfg(target_arch = "aarch64")]
type Register = u64;
/// FPCR as a process starts with it.
#[cfg(target_arch = "aarch64")]
const DEFAULT: Register = 0;

#[cfg(target_arch = "aarch64")]
fn read() -> Register {
    let value: Register;
    // SAFETY: reads a register that user code may read.
    unsafe { std::arch::asm!("mrs {}, fpcr", out(reg) value, options(nomem, nostack, preserves_flags)) };
    value
}

#[cfg(target_arch = "aarch64")]
fn write(value: Register) {
    // SAFETY: the value is the default or was read before.
    unsafe { std::arch::asm!("msr fpcr, {}", in(reg) value, options(nomem, nostack, preserves_flags)) };
}

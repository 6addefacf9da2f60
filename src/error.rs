//! One error type and one table of statuses, shared by Rust and C.

use std::fmt;

/// What a call answers. `0` is success, a positive value is not a failure (not yet, busy,
/// cancelled, nothing there), a negative value is one.
///
/// The numbers are part of the ABI: they never change and are never reused. Values that this
/// header does not list may come from a newer library; judge them by their sign.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done.
    Ok = 0,
    /// The object is still being made: poll it and call again.
    NotReady = 1,
    /// The time given to a wait is over; the work goes on.
    Timeout = 2,
    /// The model is computing for somebody else at this moment: call again later.
    Busy = 3,
    /// The work was cancelled, by `_cancel`, `_destroy` or `scumble_shutdown`.
    Cancelled = 4,
    /// There is nothing to give: no further log line, no preview yet.
    Empty = 5,
    /// `scumble_shutdown` has ended everything but a thread that loads a model, which ONNX Runtime does not stop.
    ThreadLeft = 6,

    /// A parameter or a field has a value that is not allowed.
    InvalidArgument = -1,
    /// A handle that is NULL, destroyed, of another type, or was never one.
    InvalidHandle = -2,
    /// `struct_size` is smaller than the first version of the structure, or over 4096, which no
    /// structure will ever be: it was not set.
    InvalidStructSize = -3,
    /// A field that this library does not know is not zero: the caller was built against a
    /// newer header.
    UnsupportedField = -4,
    /// The caller's header and this library do not have a common ABI version.
    AbiMismatch = -5,
    /// The call is not allowed in the state that the object is in.
    WrongState = -6,
    /// The caller's memory is too small for the answer.
    BufferTooSmall = -7,
    /// A text is not UTF-8.
    InvalidUtf8 = -8,
    /// A size or a text is over a documented limit.
    LimitExceeded = -9,
    /// This model or this library cannot do what was asked for.
    NotSupported = -10,

    /// No ONNX Runtime library was found.
    RuntimeNotFound = -20,
    /// A file was found, but it is not an ONNX Runtime library that can be loaded here.
    RuntimeInvalid = -21,
    /// The ONNX Runtime library is older than the oldest that Scumble works with.
    RuntimeTooOld = -22,
    /// Another ONNX Runtime library is loaded already; a process has one.
    RuntimeAlreadyLoaded = -23,
    /// ONNX Runtime reported an error.
    RuntimeFailed = -24,

    /// The model directory does not exist or is not a directory.
    ModelNotFound = -30,
    /// The model directory lacks a file that is needed.
    ModelIncomplete = -31,
    /// A file of the model is damaged, is not what its name says, or leads out of the directory.
    ModelInvalid = -32,
    /// The model is understood, but is of a kind that this library cannot run.
    ModelUnsupported = -33,
    /// A file of the model is a Git LFS pointer: the download was not completed.
    ModelIsPointer = -34,
    /// The system does not let this process read a file of the model: too many open files, no permission, a disk
    /// that fails. The model itself may be sound; the text has the system's reason.
    ModelUnreadable = -35,

    /// The named device does not exist in this process, or cannot be used.
    DeviceNotFound = -40,
    /// The device was lost: removed, reset, or its driver crashed. What was computed has failed; the context
    /// loads its model anew when it is asked for something next, and other contexts go on. CUDA gives a lost device
    /// back to no process: there, create a context on another, such as "cpu".
    DeviceLost = -41,
    /// Memory ran out, or what was asked for does not fit the context's `memory_budget`. Nothing else has changed: the
    /// same call may succeed later. On Windows and macOS ONNX Runtime ends the process instead where memory is refused
    /// to its tables of a graph, while a model is loaded.
    OutOfMemory = -50,
    /// The memory of the device ran out.
    OutOfDeviceMemory = -51,
    /// The model gave NaN or infinite values. An autoencoder that does so because it overflows in float16 is run
    /// again in float32, without this status; the log tells.
    NotFinite = -60,
    /// A defect of Scumble itself, which any call may answer. What was computed has failed; the
    /// process and all other objects go on.
    Panic = -100,
}

impl Status {
    /// The constant's name in C.
    pub fn name(self) -> &'static str {
        match self {
            Status::Ok => "SCUMBLE_STATUS_OK",
            Status::NotReady => "SCUMBLE_STATUS_NOT_READY",
            Status::Timeout => "SCUMBLE_STATUS_TIMEOUT",
            Status::Busy => "SCUMBLE_STATUS_BUSY",
            Status::Cancelled => "SCUMBLE_STATUS_CANCELLED",
            Status::Empty => "SCUMBLE_STATUS_EMPTY",
            Status::ThreadLeft => "SCUMBLE_STATUS_THREAD_LEFT",
            Status::InvalidArgument => "SCUMBLE_STATUS_INVALID_ARGUMENT",
            Status::InvalidHandle => "SCUMBLE_STATUS_INVALID_HANDLE",
            Status::InvalidStructSize => "SCUMBLE_STATUS_INVALID_STRUCT_SIZE",
            Status::UnsupportedField => "SCUMBLE_STATUS_UNSUPPORTED_FIELD",
            Status::AbiMismatch => "SCUMBLE_STATUS_ABI_MISMATCH",
            Status::WrongState => "SCUMBLE_STATUS_WRONG_STATE",
            Status::BufferTooSmall => "SCUMBLE_STATUS_BUFFER_TOO_SMALL",
            Status::InvalidUtf8 => "SCUMBLE_STATUS_INVALID_UTF8",
            Status::LimitExceeded => "SCUMBLE_STATUS_LIMIT_EXCEEDED",
            Status::NotSupported => "SCUMBLE_STATUS_NOT_SUPPORTED",
            Status::RuntimeNotFound => "SCUMBLE_STATUS_RUNTIME_NOT_FOUND",
            Status::RuntimeInvalid => "SCUMBLE_STATUS_RUNTIME_INVALID",
            Status::RuntimeTooOld => "SCUMBLE_STATUS_RUNTIME_TOO_OLD",
            Status::RuntimeAlreadyLoaded => "SCUMBLE_STATUS_RUNTIME_ALREADY_LOADED",
            Status::RuntimeFailed => "SCUMBLE_STATUS_RUNTIME_FAILED",
            Status::ModelNotFound => "SCUMBLE_STATUS_MODEL_NOT_FOUND",
            Status::ModelIncomplete => "SCUMBLE_STATUS_MODEL_INCOMPLETE",
            Status::ModelInvalid => "SCUMBLE_STATUS_MODEL_INVALID",
            Status::ModelUnsupported => "SCUMBLE_STATUS_MODEL_UNSUPPORTED",
            Status::ModelIsPointer => "SCUMBLE_STATUS_MODEL_IS_POINTER",
            Status::ModelUnreadable => "SCUMBLE_STATUS_MODEL_UNREADABLE",
            Status::DeviceNotFound => "SCUMBLE_STATUS_DEVICE_NOT_FOUND",
            Status::DeviceLost => "SCUMBLE_STATUS_DEVICE_LOST",
            Status::OutOfMemory => "SCUMBLE_STATUS_OUT_OF_MEMORY",
            Status::OutOfDeviceMemory => "SCUMBLE_STATUS_OUT_OF_DEVICE_MEMORY",
            Status::NotFinite => "SCUMBLE_STATUS_NOT_FINITE",
            Status::Panic => "SCUMBLE_STATUS_PANIC",
        }
    }

    /// Every status, in the order of the header.
    pub(crate) const ALL: [Status; 34] = [
        Status::Ok,
        Status::NotReady,
        Status::Timeout,
        Status::Busy,
        Status::Cancelled,
        Status::Empty,
        Status::ThreadLeft,
        Status::InvalidArgument,
        Status::InvalidHandle,
        Status::InvalidStructSize,
        Status::UnsupportedField,
        Status::AbiMismatch,
        Status::WrongState,
        Status::BufferTooSmall,
        Status::InvalidUtf8,
        Status::LimitExceeded,
        Status::NotSupported,
        Status::RuntimeNotFound,
        Status::RuntimeInvalid,
        Status::RuntimeTooOld,
        Status::RuntimeAlreadyLoaded,
        Status::RuntimeFailed,
        Status::ModelNotFound,
        Status::ModelIncomplete,
        Status::ModelInvalid,
        Status::ModelUnsupported,
        Status::ModelIsPointer,
        Status::ModelUnreadable,
        Status::DeviceNotFound,
        Status::DeviceLost,
        Status::OutOfMemory,
        Status::OutOfDeviceMemory,
        Status::NotFinite,
        Status::Panic,
    ];
}

/// A status other than [`Status::Ok`], and the text that tells a developer what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    status: Status,
    text: String,
}

/// What Scumble's functions return.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of this status. The text names the parameter, its value and what was expected.
    pub fn new(status: Status, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }

    /// Which kind of failure this is.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Whether memory, a device or ONNX Runtime failed, rather than what was asked for: another way may succeed.
    pub fn is_of_the_machine(&self) -> bool {
        use Status::{DeviceLost, DeviceNotFound, OutOfDeviceMemory, OutOfMemory, RuntimeFailed};
        matches!(self.status, OutOfMemory | OutOfDeviceMemory | DeviceLost | DeviceNotFound | RuntimeFailed)
    }

    /// The same error, with the place where it happened put before its text.
    pub fn within(mut self, place: impl fmt::Display) -> Self {
        self.text = format!("{place}: {}", self.text);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Error {}

/// `bail!(Status, "format", …)`: return an [`Error`] from the function at hand.
macro_rules! bail {
    ($status:ident, $($text:tt)+) => {
        return Err($crate::error::Error::new($crate::error::Status::$status, format!($($text)+)))
    };
}
pub(crate) use bail;

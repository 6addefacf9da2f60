//! The prompt: an encoded text.

use std::ffi::c_char;
use std::ptr;

use super::boundary::{self, call, milliseconds, timeout};
use super::desc::{self, c_struct};
use super::{handle, scumble_context, scumble_prompt};
use crate::error::{bail, Status};
use crate::model::{Syntax, Texts};
use crate::prompt::{Prompt, MAX_TEXT};
use crate::stack;

/// A flag of `scumble_prompt_desc`: the caller encodes the prompt, with `scumble_prompt_encode`.
pub const SCUMBLE_PROMPT_BY_HAND: u32 = 1;

/// What a prompt is created from. Fill it with `scumble_prompt_desc_init`, then set `text`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct scumble_prompt_desc {
    /// `sizeof(scumble_prompt_desc)`.
    pub struct_size: u32,
    /// 0 or `SCUMBLE_PROMPT_BY_HAND`. Default 0: the context's thread encodes it.
    pub flags: u32,
    /// What the picture shall show: UTF-8, at most 64 KiB, copied. Default NULL, which is not
    /// allowed; "" is. Syntax that is not followed is warned of in the log: see `scumble_syntax`.
    pub text: *const c_char,
    /// What it shall not show: likewise. Default NULL: the same as "", but for SDXL models that were
    /// trained to tell none from an empty one.
    pub negative_text: *const c_char,
    /// How many layers of the text encoder to leave out at the end, for `text` alone: counted as
    /// diffusers does, one less than the number that web interfaces show. Needs
    /// `SCUMBLE_FEATURE_CLIP_SKIP`. At least one layer has to be left. Default 0.
    pub clip_skip: i32,
    /// How both texts are read: a `scumble_syntax`. Default `SCUMBLE_SYNTAX_PLAIN`.
    pub syntax: i32,
}
c_struct!(scumble_prompt_desc, 32);

/// An encoded prompt.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct scumble_prompt_info {
    /// `sizeof(scumble_prompt_info)`, set by the caller.
    pub struct_size: u32,
    /// Tokens of the text, also those that were cut off; begin and end not counted.
    pub tokens: i32,
    /// Tokens of the negative text.
    pub negative_tokens: i32,
    /// 1 if the text was longer than the model reads and its end does not count, else 0.
    pub truncated: i32,
    /// The same of the negative text.
    pub negative_truncated: i32,
    /// How long encoding took, in milliseconds.
    pub encode_ms: f32,
    /// How often the text encoder read, each time `token_limit` tokens at most.
    pub chunks: i32,
    /// How many places of both texts are syntax of other tools that is not followed, such as `<lora:…>`: see
    /// `scumble_syntax`. A warning in the log names them. Of a blended prompt those of both prompts.
    pub not_followed: i32,
}
c_struct!(scumble_prompt_info, 32);

/// Fills a descriptor with the defaults that its fields document.
///
/// `desc` (not NULL): written, no more than `size` bytes. `size`: `sizeof(scumble_prompt_desc)`.
/// `abi_version`: `SCUMBLE_ABI_VERSION`. Errors: `INVALID_ARGUMENT`, `INVALID_STRUCT_SIZE`,
/// `ABI_MISMATCH`.
///
/// Any thread, any time.
///
/// # Safety
/// `desc` is NULL or points to `size` bytes.
#[no_mangle]
pub unsafe extern "C" fn scumble_prompt_desc_init(
    desc: *mut scumble_prompt_desc,
    size: usize,
    abi_version: u32,
) -> Status {
    // SAFETY: the caller's promise.
    call("scumble_prompt_desc_init", || unsafe { desc::init(desc, size, abi_version, defaults) })
}

fn defaults(struct_size: u32) -> scumble_prompt_desc {
    scumble_prompt_desc {
        struct_size,
        flags: 0,
        text: ptr::null(),
        negative_text: ptr::null(),
        clip_skip: 0,
        syntax: 0,
    }
}

/// Creates a prompt and returns at once; the context's thread encodes it, or the caller does if
/// the flag `SCUMBLE_PROMPT_BY_HAND` is set. Generations may be created of it and started before
/// the thread has encoded it.
///
/// `desc` (not NULL): only read during the call. `prompt` (not NULL): receives the handle, to be
/// given back with `scumble_prompt_destroy`; untouched on failure. The prompt keeps the context's
/// model. `SCUMBLE_STATUS_NOT_READY` while the context is loading. Errors: those of
/// `scumble_context_poll`, `INVALID_ARGUMENT`, `INVALID_STRUCT_SIZE`, `UNSUPPORTED_FIELD`,
/// `INVALID_UTF8`, `LIMIT_EXCEEDED`, `NOT_SUPPORTED` (`clip_skip` with a model that lacks
/// `SCUMBLE_FEATURE_CLIP_SKIP`).
///
/// Any thread.
///
/// # Safety
/// `desc` is NULL or points to `struct_size` bytes; `prompt` is NULL or points to a pointer.
#[no_mangle]
pub unsafe extern "C" fn scumble_prompt_create(
    context: *const scumble_context,
    desc: *const scumble_prompt_desc,
    prompt: *mut *mut scumble_prompt,
) -> Status {
    call("scumble_prompt_create", || {
        let context = handle::get(context)?;
        boundary::not_null(prompt, "prompt")?;
        // SAFETY: the caller's promise; the texts are the caller's too.
        let (desc, text, negative) = unsafe {
            let desc = desc::read(desc, "desc", defaults(0))?;
            let text = boundary::text(desc.text, "text", MAX_TEXT)?;
            (desc, text, boundary::optional_text(desc.negative_text, "negative_text", MAX_TEXT)?)
        };
        if desc.flags & !SCUMBLE_PROMPT_BY_HAND != 0 {
            bail!(InvalidArgument, "flags is {:#x}; expected 0 or SCUMBLE_PROMPT_BY_HAND (1)", desc.flags);
        }
        let by_hand = desc.flags & SCUMBLE_PROMPT_BY_HAND != 0;
        let syntax = match desc.syntax {
            0 => Syntax::Plain,
            1 => Syntax::Weighted,
            other => bail!(InvalidArgument, "syntax is {other}; expected a scumble_syntax (0 or 1)"),
        };
        let Ok(clip_skip) = usize::try_from(desc.clip_skip) else {
            bail!(InvalidArgument, "clip_skip is {}; expected 0 or more", desc.clip_skip)
        };
        let texts = Texts { positive: text.to_owned(), negative: negative.map(str::to_owned), syntax, clip_skip };
        let created = Prompt::create(&context, texts, by_hand)?;
        // SAFETY: as above.
        unsafe { boundary::write(prompt, "prompt", handle::insert(created)?) }
    })
}

/// Creates a prompt that lies between two encoded ones, for pictures that change from one to the
/// other. It is encoded at once, and depends on neither any more.
///
/// `first`, `second`: prompts of one context. `factor`: 0 for the first, 1 for the second, linear in
/// between. `prompt` (not NULL): receives the handle, to be given back with `scumble_prompt_destroy`;
/// untouched on failure. `SCUMBLE_STATUS_NOT_READY` while one is not encoded. Errors: those of
/// `scumble_prompt_poll`, `INVALID_ARGUMENT` (also for prompts of unlike length or of two contexts).
///
/// Any thread.
///
/// # Safety
/// `prompt` is NULL or points to a pointer.
#[no_mangle]
pub unsafe extern "C" fn scumble_prompt_blend(
    first: *const scumble_prompt,
    second: *const scumble_prompt,
    factor: f32,
    prompt: *mut *mut scumble_prompt,
) -> Status {
    call("scumble_prompt_blend", || {
        let (first, second) = (handle::get(first)?, handle::get(second)?);
        boundary::not_null(prompt, "prompt")?;
        let created = Prompt::blend(&first, &second, factor)?;
        // SAFETY: the caller's promise.
        unsafe { boundary::write(prompt, "prompt", handle::insert(created)?) }
    })
}

/// Encodes a prompt that was created with `SCUMBLE_PROMPT_BY_HAND`, on the calling thread.
///
/// `SCUMBLE_STATUS_BUSY` at once when the model computes for somebody else, and then nothing has
/// changed. Errors: `WRONG_STATE` (not to be encoded manually, or encoded already), and those of `scumble_prompt_poll`.
///
/// Any thread, one at a time for a prompt. This call computes.
///
/// # Safety
/// None is needed: a handle is never dereferenced.
#[no_mangle]
pub unsafe extern "C" fn scumble_prompt_encode(prompt: *const scumble_prompt) -> Status {
    call("scumble_prompt_encode", || {
        let prompt = handle::get(prompt)?;
        stack::with_room(|| prompt.encode())
    })
}

/// Whether the prompt is encoded: `OK` when it is, `SCUMBLE_STATUS_NOT_READY` while it is not, and
/// the error of encoding when it failed: `LIMIT_EXCEEDED` (a weighted text of more than 64 chunks),
/// `NOT_FINITE`, `CANCELLED`, and those of `scumble_context_poll`, since a part of the model that was
/// unloaded is loaded again first. Besides these: `INVALID_HANDLE`.
///
/// Any thread, any time.
///
/// # Safety
/// None is needed: a handle is never dereferenced.
#[no_mangle]
pub unsafe extern "C" fn scumble_prompt_poll(prompt: *const scumble_prompt) -> Status {
    call("scumble_prompt_poll", || handle::get(prompt)?.encoded().map(drop))
}

/// Waits until the prompt is encoded or encoding failed.
///
/// `timeout_ms`: how long; negative for ever, 0 not at all. `SCUMBLE_STATUS_TIMEOUT` while it is not
/// encoded. Errors: those of `scumble_prompt_poll`. A prompt to be encoded manually is waited for too:
/// another thread may do it.
///
/// Any thread. This call blocks.
///
/// # Safety
/// None is needed: a handle is never dereferenced.
#[no_mangle]
pub unsafe extern "C" fn scumble_prompt_wait(prompt: *const scumble_prompt, timeout_ms: i32) -> Status {
    call("scumble_prompt_wait", || handle::get(prompt)?.wait(timeout(timeout_ms)).map(drop))
}

/// Describes an encoded prompt.
///
/// `info` (not NULL): filled. `SCUMBLE_STATUS_NOT_READY` while the prompt is not encoded. Errors: those
/// of `scumble_prompt_poll`, `INVALID_ARGUMENT`, `INVALID_STRUCT_SIZE`.
///
/// Any thread, any time.
///
/// # Safety
/// `info` is NULL or points to `struct_size` bytes.
#[no_mangle]
pub unsafe extern "C" fn scumble_prompt_get_info(
    prompt: *const scumble_prompt,
    info: *mut scumble_prompt_info,
) -> Status {
    call("scumble_prompt_get_info", || {
        let prompt = handle::get(prompt)?;
        // SAFETY: the caller's promise.
        unsafe { desc::check_output(info, "info") }?;
        let encoded = prompt.encoded()?;
        let (positive, negative) = (&encoded.conditioning.positive, &encoded.conditioning.negative);
        // SAFETY: as above.
        unsafe {
            desc::write(info, "info", |struct_size| scumble_prompt_info {
                struct_size,
                tokens: positive.tokens as i32,
                negative_tokens: negative.tokens as i32,
                truncated: i32::from(positive.truncated),
                negative_truncated: i32::from(negative.truncated),
                encode_ms: milliseconds(encoded.time),
                chunks: positive.chunks as i32,
                not_followed: prompt.not_followed() as i32,
            })
        }
    })
}

/// Destroys the handle. Encoding is cancelled, unless a generation uses the prompt: it goes on for that. A
/// `scumble_prompt_wait` on another thread returns `SCUMBLE_STATUS_CANCELLED`. Never blocks.
///
/// Errors: `INVALID_HANDLE`, also for NULL.
///
/// Any thread, any time.
///
/// # Safety
/// None is needed: a handle is never dereferenced.
#[no_mangle]
pub unsafe extern "C" fn scumble_prompt_destroy(prompt: *mut scumble_prompt) -> Status {
    call("scumble_prompt_destroy", || {
        handle::remove(prompt)?.destroy();
        Ok(())
    })
}

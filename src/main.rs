//! Door two: the command line.

#[cfg(not(target_arch = "wasm32"))]
mod cli;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    quieten();
    match cli::parse().and_then(cli::run) {
        Ok(code) => code,
        Err(_) if cli::output::is_unread() => std::process::ExitCode::SUCCESS,
        Err(error) => {
            cli::output::note(format!("error: {error}"));
            std::process::ExitCode::from(if matches!(error, glasshouse::Error::Usage(_)) { 2 } else { 1 })
        }
    }
}

/// Mesa's layer that sorts adapters looks for a screen and prints an error where there is none; adapters are chosen here.
#[cfg(not(target_arch = "wasm32"))]
fn quieten() {
    let chosen = ["NODEVICE_SELECT", "MESA_VK_DEVICE_SELECT"].iter().any(|name| std::env::var_os(name).is_some());
    if cfg!(target_os = "linux") && !chosen {
        // Sound: this is the first thing that the program does, and no other thread runs yet.
        #[allow(unsafe_code)]
        unsafe {
            std::env::set_var("NODEVICE_SELECT", "1");
        }
    }
}

/// A browser has no command line; its door is src/web.rs.
#[cfg(target_arch = "wasm32")]
fn main() {}

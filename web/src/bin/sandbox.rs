//! The worker's program: the sandbox, which takes orders from the page.

fn main() {
    console_error_panic_hook::set_once();
    hotstuff_web::source::worker::serve(hotstuff_web::sandbox::SandboxSource::default());
}

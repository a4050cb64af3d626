//! The worker's program: the sandbox, which takes orders from the page.

fn main() {
    hotstuff_web::source::worker::serve(hotstuff_web::sandbox::SandboxSource::default());
}

//! The page's program.

fn main() {
    hotstuff_web::run();
}

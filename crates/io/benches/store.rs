//! What the store costs beside bare SQLite.
fn main() {
    divan::main();
}

import ArgumentParser

/// The command `unroll`.
@main
struct Unroll: ParsableCommand {
}

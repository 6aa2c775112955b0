import Glibc
import Orchestration
import Testing

@Suite struct ChildProcessTests {
  @Test func `tells statuses from signals`() throws {
    #expect(try ChildProcess.run(["sh", "-c", "exit 7"]) == .exited(7))
    #expect(try ChildProcess.run(["sh", "-c", "kill -9 $$"]) == .signalled(9))
  }

  @Test func `passes variables and the directory`() throws {
    let command = ["sh", "-c", #"test "$UNROLL_TEST" = "a b" && test "$PWD" = / "#]
    #expect(
      try ChildProcess.run(command, environment: ["UNROLL_TEST": "a b"], directory: "/")
        == .exited(0))
    #expect(try ChildProcess.run(command) == .exited(1))
  }

  @Test func `a missing program is an error with its name`() {
    let error = #expect(throws: SystemError.self) {
      try ChildProcess.run(["no-such-program-anywhere"])
    }
    #expect(error?.description.contains("no-such-program-anywhere") == true)
  }

  @Test func `a child has the signals that this process ignores or blocks`() throws {
    // A daemon ignores SIGTERM for itself and listens through Dispatch; its children must not.
    signal(SIGUSR1, SIG_IGN)
    defer { signal(SIGUSR1, SIG_DFL) }
    #expect(try ChildProcess.run(["sh", "-c", "kill -USR1 $$; exit 0"]) == .signalled(SIGUSR1))
  }
}

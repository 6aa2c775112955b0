import Dispatch
import Glibc
import Logging
import Orchestration
import Testing

@Suite struct SupervisorTests {
  let silent = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

  @Test func `quick ends wait twice as long each time, up to ten seconds`() {
    let start = ContinuousClock.now
    var delay = RestartDelay()
    delay.started(at: start)
    #expect(delay.ended(at: start + .seconds(1)) == .milliseconds(250))
    #expect(!delay.isDue(at: start + .milliseconds(1_200)))
    #expect(delay.isDue(at: start + .milliseconds(1_250)))
    for _ in 0..<10 { _ = delay.ended(at: start + .seconds(2)) }
    #expect(delay.ended(at: start + .seconds(3)) == .seconds(10))
    delay.started(at: start + .seconds(13))
    #expect(delay.ended(at: start + .seconds(99)) == .milliseconds(250))
  }

  @Test func `a wrong configuration ends everything with its status`() throws {
    let roles = [
      Supervisor.Role(name: "long", command: ["sleep", "600"], environment: [:]),
      Supervisor.Role(name: "wrong", command: ["sh", "-c", "exit 2"], environment: [:]),
    ]
    let supervisor = Supervisor(roles: roles, logger: silent)
    #expect(try supervisor.run(until: Shutdown()) == 2)
  }

  @Test func `what dies is started again, and a request stops all`() throws {
    let shutdown = Shutdown()
    var template = Array("/tmp/unroll-test-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    defer {
      close(descriptor)
      unlink(path)
    }
    let supervisor = Supervisor(
      roles: [
        Supervisor.Role(
          name: "short", command: ["sh", "-c", "echo x >> \(path)"], environment: [:])
      ],
      logger: silent)
    // Each start appends two bytes: the second one shows that it was started again.
    let deadline = ContinuousClock.now + .seconds(20)
    DispatchQueue.global().async {
      var status = stat()
      while ContinuousClock.now < deadline {
        fstat(descriptor, &status)
        if status.st_size >= 4 { break }
        usleep(10_000)
      }
      shutdown.request()
    }
    #expect(try supervisor.run(until: shutdown) == 0)
    var status = stat()
    fstat(descriptor, &status)
    #expect(status.st_size >= 4)
  }
}

import Dispatch
import Glibc
public import Postgres
import Synchronization

/// A socket between a client and the server that can misbehave as networks do.
///
/// One thread copies bytes both ways between pairs of Unix sockets, and waits for none of them.
public final class FaultyProxy: Sendable {
  /// What the proxy does with the bytes that it gets.
  public enum Behaviour: Int, Sendable {
    /// Hands everything on.
    case pass
    /// Keeps all sockets open and reads nothing more: a peer that has vanished without a word.
    case halfOpen
    /// Hands on what clients say, and nothing of what the server answers.
    case swallowAnswers
    /// Has closed all sockets, and closes new ones at once.
    case cut
  }

  private struct State {
    var behaviour = Behaviour.pass
    var delay: Int32 = 0
    var isStopped = false
    var forwarded = 0
    /// Whether the sockets of now are to be closed, whatever comes after.
    var closesAll = false
    /// Whether the sockets of clients that have vanished are to be closed.
    var closesOrphans = false
    /// How many bytes clients may still send before everything is cut, or they vanish.
    var allowance: Int?
    var vanishes = false
  }

  private let state = Mutex(State())
  /// The folder of its socket, whose port is 1.
  public let folder: String
  private let listener: Int32
  private let wakeRead: Int32
  private let wakeWrite: Int32
  private let target: String
  private let ended = DispatchSemaphore(value: 0)
  /// How to connect through the proxy.
  public let options: ConnectionOptions

  /// A proxy in front of the server of `options`, which must be reached over a Unix socket.
  public init(for options: ConnectionOptions) throws {
    let resolved = try options.resolved()
    guard resolved.host.hasPrefix("/") else {
      throw ScratchError("the proxy needs UNROLL_TEST_DATABASE to be on a Unix socket")
    }
    var template = Array("/tmp/unroll-proxy.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw ScratchError("no folder for the proxy") }
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    target = "\(resolved.host)/.s.PGSQL.\(resolved.port)"
    var through = options
    through.redirectedHost = folder
    through.redirectedPort = "1"
    self.options = through
    let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var pipeEnds: [Int32] = [0, 0]
    guard withAddress("\(folder)/.s.PGSQL.1", { bind(listener, $0, $1) }) == 0,
      listen(listener, 64) == 0, pipe(&pipeEnds) == 0
    else { throw ScratchError("the proxy cannot listen: \(String(cString: strerror(errno)))") }
    self.listener = listener
    (wakeRead, wakeWrite) = (pipeEnds[0], pipeEnds[1])
    DispatchQueue(label: "faulty proxy").async { [self] in
      serve()
      ended.signal()
    }
  }

  /// Changes what happens to bytes from now on, for open connections too.
  public func behave(_ behaviour: Behaviour) {
    state.withLock {
      $0.behaviour = behaviour
      if behaviour == .cut { $0.closesAll = true }
      if behaviour == .pass {
        $0.allowance = nil
        $0.vanishes = false
      }
    }
    wake()
  }

  /// Holds back every piece for some milliseconds.
  public func delay(milliseconds: Int) {
    state.withLock { $0.delay = Int32(milliseconds) }
    wake()
  }

  /// Cuts everything after clients have sent so many more bytes.
  public func cut(afterBytes count: Int) { limit(count, vanishes: false) }

  /// Lets clients vanish after they have sent so many more bytes.
  public func vanish(afterBytes count: Int) { limit(count, vanishes: true) }

  /// Lets the server hear of those that have vanished, as keep-alives of a real network do.
  public func noticeVanished() {
    state.withLock { $0.closesOrphans = true }
    wake()
  }

  private func limit(_ count: Int, vanishes: Bool) {
    state.withLock {
      $0.allowance = count
      $0.vanishes = vanishes
    }
    wake()
  }

  /// Ends the thread, closes everything and removes the socket's folder.
  public func stop() {
    state.withLock { $0.isStopped = true }
    wake()
    ended.wait()
    for descriptor in [listener, wakeRead, wakeWrite] { close(descriptor) }
    unlink("\(folder)/.s.PGSQL.1")
    rmdir(folder)
  }

  private func wake() {
    var byte: UInt8 = 0
    write(wakeWrite, &byte, 1)
  }

  /// Bytes that one socket has yet to take from its partner, and when they may go.
  private struct Pending {
    var bytes: [UInt8] = []
    var notBefore = ContinuousClock.now
  }

  /// Socket → its partner; the client's side of each pair is in `clients`.
  private struct Pairs {
    var partner: [Int32: Int32] = [:]
    var clients: Set<Int32> = []
    /// What a socket has not taken yet: until it has, nothing more is read from its partner.
    var pending: [Int32: Pending] = [:]
    /// Sockets to the server whose client has vanished: nobody reads them or closes them.
    var orphans: [Int32] = []

    mutating func loseClients() {
      for client in clients {
        if let server = partner[client] { orphans.append(server) }
        Glibc.close(client)
      }
      partner = [:]
      clients = []
      pending = [:]
    }

    mutating func close(_ socket: Int32) {
      guard let other = partner.removeValue(forKey: socket) else { return }
      partner[other] = nil
      clients.subtract([socket, other])
      for each in [socket, other] {
        pending[each] = nil
        Glibc.close(each)
      }
    }

    mutating func closeAll() { for socket in partner.keys { close(socket) } }

    mutating func closeOrphans() {
      for socket in orphans { Glibc.close(socket) }
      orphans = []
    }

    /// What to wait for on each socket, and for how many milliseconds until held-back bytes may go.
    func waits(at now: ContinuousClock.Instant) -> (sockets: [pollfd], milliseconds: Int32) {
      var milliseconds: Int32 = -1
      let sockets = partner.map { socket, other in
        var events = pending[other] == nil ? Int16(POLLIN) : 0
        if let waiting = pending[socket] {
          let left = (waiting.notBefore - now) / .milliseconds(1)
          if left <= 0 {
            events |= Int16(POLLOUT)
          } else {
            let whole = Int32(left.rounded(.up))
            milliseconds = milliseconds < 0 ? whole : min(milliseconds, whole)
          }
        }
        return pollfd(fd: socket, events: events, revents: 0)
      }
      return (sockets, milliseconds)
    }
  }

  private func serve() {
    var pairs = Pairs()
    defer {
      pairs.closeAll()
      pairs.closeOrphans()
    }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let now = state.withLock { state in
        defer { (state.closesAll, state.closesOrphans) = (false, false) }
        return state
      }
      if now.isStopped { return }
      if now.closesAll || now.behaviour == .cut { pairs.closeAll() }
      if now.closesOrphans { pairs.closeOrphans() }
      let waits =
        now.behaviour == .halfOpen ? (sockets: [], milliseconds: -1) : pairs.waits(at: .now)
      var polled = [listener, wakeRead].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      polled += waits.sockets
      guard poll(&polled, nfds_t(polled.count), waits.milliseconds) > 0 else { continue }
      for entry in polled where entry.revents != 0 {
        switch entry.fd {
        case wakeRead: _ = read(wakeRead, &buffer, buffer.count)
        case listener: accept(into: &pairs, now.behaviour)
        default:
          if entry.revents & Int16(POLLOUT) != 0 { hand(to: entry.fd, in: &pairs) }
          if entry.revents & ~Int16(POLLOUT) != 0 { take(from: entry.fd, in: &pairs, now, &buffer) }
        }
      }
    }
  }

  private func accept(into pairs: inout Pairs, _ behaviour: Behaviour) {
    let client = Glibc.accept(listener, nil, nil)
    guard client >= 0 else { return }
    // A daemon that is started meanwhile must not inherit it: closed here, it would stay open there.
    _ = fcntl(client, F_SETFD, FD_CLOEXEC)
    let server = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard behaviour != .cut, withAddress(target, { connect(server, $0, $1) }) == 0 else {
      close(client)
      close(server)
      return
    }
    pairs.partner[client] = server
    pairs.partner[server] = client
    pairs.clients.insert(client)
  }

  /// Reads a piece, which its partner is to get. One that has closed is closed on the other side,
  /// too, as soon as that has taken what is left.
  private func take(
    from: Int32, in pairs: inout Pairs, _ now: State, _ buffer: inout [UInt8]
  ) {
    guard let to = pairs.partner[from], pairs.pending[to] == nil else { return }
    let count = recv(from, &buffer, buffer.count, Int32(MSG_DONTWAIT))
    if count < 0, errno == EAGAIN { return }
    guard count > 0 else { return pairs.close(from) }
    let isClient = pairs.clients.contains(from)
    if now.behaviour == .swallowAnswers, !isClient { return }
    let mayPass = state.withLock { state in
      state.forwarded += count
      guard isClient, let allowance = state.allowance else { return true }
      state.allowance = allowance - count
      return allowance >= count
    }
    guard mayPass else {
      guard now.vanishes else { return pairs.closeAll() }
      pairs.loseClients()
      // What comes afterwards may pass: only those who were there have vanished.
      state.withLock { $0.allowance = nil }
      return
    }
    pairs.pending[to] = Pending(
      bytes: Array(buffer[..<count]), notBefore: .now + .milliseconds(Int(now.delay)))
    if now.delay == 0 { hand(to: to, in: &pairs) }
  }

  /// Sends what a socket has yet to get, as much as it takes without waiting: one that reads nothing
  /// must not hold up the others.
  private func hand(to socket: Int32, in pairs: inout Pairs) {
    guard let bytes = pairs.pending[socket]?.bytes else { return }
    let sent = bytes.withUnsafeBytes {
      send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
    }
    if sent < 0, errno == EAGAIN { return }
    guard sent > 0 else { return pairs.close(socket) }
    if sent == bytes.count {
      pairs.pending[socket] = nil
    } else {
      pairs.pending[socket]?.bytes.removeFirst(sent)
    }
  }
}

/// Calls `body` with the address of a Unix socket; a path that is too long fails like a wrong one.
private func withAddress(
  _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
) -> Int32 {
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  let bytes = Array(path.utf8)
  guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return -1 }
  withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
  return withUnsafePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
    }
  }
}

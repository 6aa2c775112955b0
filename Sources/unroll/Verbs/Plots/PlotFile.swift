import ArgumentParser
import FoundationEssentials
import Glibc
import Orchestration
import Pictures

/// Where a picture goes: an SVG file, or a PNG file by way of `rsvg-convert`.
struct PlotFile {
  private enum Format {
    case svg
    case png
  }

  let path: String
  private let format: Format

  /// - Parameter path: Ends in .svg or .png; - is SVG on standard output.
  /// - Throws: `ValidationError` for any other name.
  init(_ path: String) throws {
    let name = path.lowercased()
    if path == "-" || name.hasSuffix(".svg") {
      format = .svg
    } else if name.hasSuffix(".png") {
      format = .png
    } else {
      throw ValidationError(
        "-o: \(path): the name must end in .svg or .png, or be - for SVG on standard output")
    }
    self.path = path
  }

  /// Writes a picture.
  ///
  /// - Parameters:
  ///   - picture: The picture.
  ///   - theme: On which ground; nil for what suits the format: as the reader has it in SVG, light in
  ///     PNG.
  /// - Throws: `ValidationError` if the file cannot be written, or nothing is there that makes PNG.
  func write(_ picture: Picture, _ theme: Theme?) throws {
    switch format {
    case .svg:
      try OutputFile.write(Array(picture.svg(theme ?? .automatic).utf8), to: path, option: "-o")
    case .png:
      let bytes = try Self.rasterized(picture.svg(theme ?? .light))
      try OutputFile.write(bytes, to: path, option: "-o")
    }
  }

  /// Two pixels of PNG for each one of SVG, which is what screens have today.
  private static func rasterized(_ svg: String) throws -> [UInt8] {
    let folder = FileManager.default.temporaryDirectory.path
    var template = Array("\(folder)/unroll-plot-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw ValidationError("\(folder): \(String(cString: strerror(errno)))")
    }
    let work = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    defer { try? FileManager.default.removeItem(atPath: work) }
    try OutputFile.write(Array(svg.utf8), to: "\(work)/picture.svg", option: "-o")
    let command = [
      "rsvg-convert", "--zoom", "2", "--output", "\(work)/picture.png", "\(work)/picture.svg",
    ]
    let ending: ChildProcess.Ending
    do { ending = try ChildProcess.run(command, streams: .file("\(work)/log")) } catch {
      throw ValidationError(
        "-o: PNG is made by rsvg-convert, which is not there: apt-get install librsvg2-bin, or name a file .svg"
      )
    }
    guard ending == .exited(0) else {
      let log = (try? InputFile.bytes("\(work)/log")).map { String(decoding: $0, as: UTF8.self) }
      let reason = log?.split(separator: "\n").first.map(String.init) ?? "\(ending)"
      throw ValidationError("-o: rsvg-convert failed: \(reason)")
    }
    return try InputFile.bytes("\(work)/picture.png")
  }
}

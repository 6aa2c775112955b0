import FoundationEssentials
import Testing

@testable import Pictures

/// A small reader of XML that refuses what is not well-formed: enough for what drawings are made of.
struct Markup {
  /// The names of all elements, in order.
  private(set) var elements: [String] = []
  /// All texts between them.
  private(set) var texts: [String] = []
  /// All attributes.
  private(set) var attributes: [String: [String]] = [:]

  struct Malformed: Error, CustomStringConvertible {
    let description: String
  }

  init(_ document: String) throws {
    var open: [String] = []
    var rest = Substring(document)
    while !rest.isEmpty {
      if rest.first == "<" {
        guard let end = rest.firstIndex(of: ">") else { throw Malformed(description: "open tag") }
        var tag = rest[rest.index(after: rest.startIndex)..<end]
        rest = rest[rest.index(after: end)...]
        if tag.first == "/" {
          guard open.popLast() == String(tag.dropFirst()) else {
            throw Malformed(description: "</\(tag.dropFirst())> closes nothing")
          }
          continue
        }
        let isClosed = tag.last == "/"
        if isClosed { tag = tag.dropLast() }
        let name = String(tag.prefix { $0 != " " && $0 != "\n" })
        guard !name.isEmpty, name.allSatisfy({ $0.isLetter }) else {
          throw Malformed(description: "no name: <\(tag)>")
        }
        elements.append(name)
        try readAttributes(tag.dropFirst(name.count), of: name)
        if !isClosed { open.append(name) }
      } else {
        let text = rest.prefix { $0 != "<" }
        rest = rest[text.endIndex...]
        guard !open.isEmpty || text.allSatisfy(\.isWhitespace) else {
          throw Malformed(description: "text outside: \(text)")
        }
        if !text.allSatisfy(\.isWhitespace) { texts.append(try Self.decoded(text)) }
      }
    }
    guard open.isEmpty else { throw Malformed(description: "not closed: \(open)") }
  }

  private mutating func readAttributes(_ text: Substring, of element: String) throws {
    var rest = text
    var seen: Set<String> = []
    while true {
      rest = rest.drop(while: \.isWhitespace)
      guard !rest.isEmpty else { return }
      let name = String(rest.prefix { $0 != "=" })
      rest = rest.dropFirst(name.count + 1)
      guard rest.first == "\"", let end = rest.dropFirst().firstIndex(of: "\"") else {
        throw Malformed(description: "no quotes: \(text)")
      }
      guard seen.insert(name).inserted else { throw Malformed(description: "twice: \(name)") }
      attributes["\(element).\(name)", default: []].append(
        try Self.decoded(rest[rest.index(after: rest.startIndex)..<end]))
      rest = rest[rest.index(after: end)...]
    }
  }

  private static func decoded(_ text: Substring) throws -> String {
    guard text.unicodeScalars.allSatisfy({ $0.value >= 32 || $0 == "\n" }) else {
      throw Malformed(description: "a control character")
    }
    var decoded = ""
    var rest = text
    while let place = rest.firstIndex(of: "&") {
      decoded += rest[..<place]
      guard let end = rest[place...].firstIndex(of: ";"),
        let character = [
          "&amp": "&", "&lt": "<", "&gt": ">", "&quot": "\"", "&#39": "'",
        ][String(rest[place..<end])]
      else { throw Malformed(description: "a bare & in \(text)") }
      decoded += character
      rest = rest[rest.index(after: end)...]
    }
    return decoded + rest
  }

  /// How many elements have a name.
  func count(_ element: String) -> Int { elements.count { $0 == element } }

  /// Whether a text is there as a whole.
  func says(_ text: String) -> Bool { texts.contains(text) }

  /// Whether a text is there as a part.
  func tells(_ text: String) -> Bool { texts.contains { $0.contains(text) } }

  /// All coordinates of paths, texts and shapes.
  var numbers: [Double] {
    let names = [
      "path.d", "text.x", "text.y", "rect.x", "rect.y", "rect.width", "rect.height", "circle.cx",
      "circle.cy", "text.transform",
    ]
    return names.flatMap { attributes[$0] ?? [] }.flatMap { text in
      text.split { !($0.isNumber || $0 == "." || $0 == "-") }.compactMap { Double($0) }
    }
  }
}

/// Checks that must hold for any picture and returns what it holds.
func checked(_ picture: Picture, most: Int = 1_000_000) throws -> Markup {
  var markup: Markup?
  for theme in Theme.allCases {
    let text = picture.svg(theme)
    #expect(text.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\""))
    #expect(text.utf8.count < most, "\(text.utf8.count) bytes")
    // In no coordinate; texts may speak of them.
    let data = text.split(separator: "\n").filter {
      !$0.hasPrefix("<text") && !$0.contains("<title>")
    }
    #expect(!data.contains { $0.contains("nan") || $0.contains("inf") && !$0.contains("style") })
    markup = try Markup(text)
  }
  let found = try #require(markup)
  #expect(picture.width > 100 && picture.height > 20 && picture.height < 20000)
  #expect(found.numbers.allSatisfy { abs($0) <= 30000 })
  return found
}

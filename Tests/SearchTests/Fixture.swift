import Foundation
import Search
import Testing

/// Reads what a script under Fixtures wrote.
enum Fixture {
  /// The content of a JSON file, by its name without the ending.
  static func json(_ name: String) throws -> Value {
    let file = try #require(
      Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Fixtures"))
    return try Value(json: String(decoding: Data(contentsOf: file), as: UTF8.self))
  }
}

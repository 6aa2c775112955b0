extension String {
  /// The names in a list with commas, such as `accuracy, loss`, without the spaces around them.
  var listedNames: [String] {
    split(separator: ",").compactMap { part in
      let start = part.drop(while: \.isWhitespace)
      guard let end = start.lastIndex(where: { !$0.isWhitespace }) else { return nil }
      return String(start[...end])
    }
  }
}

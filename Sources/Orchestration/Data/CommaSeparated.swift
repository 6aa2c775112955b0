/// Text between commas, as RFC 4180 has it.
public enum CommaSeparated {
  /// A field, in quotation marks where it needs them: if it holds a comma, a quotation mark or the end of
  /// a line, and if it is empty, since nothing at all stands for no value.
  public static func field(_ text: String) -> [UInt8] {
    let (quote, bytes) = (UInt8(ascii: "\""), Array(text.utf8))
    let needs: [UInt8] = [quote, UInt8(ascii: ","), 10, 13]
    guard bytes.contains(where: needs.contains) || text.isEmpty else { return bytes }
    return [quote] + bytes.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote]
  }
}

public import FoundationEssentials

// Binary forms are big-endian; see the send and recv functions in the server's sources.

extension FixedWidthInteger {
  var bigEndianBytes: [UInt8] { withUnsafeBytes(of: bigEndian, Array.init) }
}

extension [UInt8] {
  mutating func append<I: FixedWidthInteger>(bigEndian value: I) {
    Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
  }
}

extension Int16: PostgresScalar {
  /// `smallint`
  public static var postgresType: PostgresType { .int2 }
  /// The value as `smallint`.
  public var postgresParameter: Parameter { Parameter(binary: bigEndianBytes, as: .int2) }
}

extension Int32: PostgresScalar {
  /// `integer`
  public static var postgresType: PostgresType { .int4 }
  /// The value as `integer`.
  public var postgresParameter: Parameter { Parameter(binary: bigEndianBytes, as: .int4) }
}

extension Int64: PostgresScalar {
  /// `bigint`
  public static var postgresType: PostgresType { .int8 }
  /// The value as `bigint`.
  public var postgresParameter: Parameter { Parameter(binary: bigEndianBytes, as: .int8) }
}

extension Int: PostgresScalar {
  /// `bigint`
  public static var postgresType: PostgresType { .int8 }
  /// The value as `bigint`.
  public var postgresParameter: Parameter { Int64(self).postgresParameter }
}

extension Float: PostgresScalar {
  /// `real`
  public static var postgresType: PostgresType { .float4 }
  /// The value as `real`, bit for bit.
  public var postgresParameter: Parameter {
    Parameter(binary: bitPattern.bigEndianBytes, as: .float4)
  }
}

extension Double: PostgresScalar {
  /// `double precision`
  public static var postgresType: PostgresType { .float8 }
  /// The value as `double precision`, bit for bit.
  public var postgresParameter: Parameter {
    Parameter(binary: bitPattern.bigEndianBytes, as: .float8)
  }
}

extension Bool: PostgresScalar {
  /// `boolean`
  public static var postgresType: PostgresType { .bool }
  /// The value as `boolean`.
  public var postgresParameter: Parameter { Parameter(binary: [self ? 1 : 0], as: .bool) }
}

extension String: PostgresScalar {
  /// Inferred by the server, so that a text can also name an enum's label, an interval or a date.
  ///
  /// Where nothing tells the type (`jsonb_build_object('a', $1)`), write `$1::text`.
  public static var postgresType: PostgresType { .inferred }
  /// The text, read by the server as it reads a quoted literal.
  public var postgresParameter: Parameter { Parameter(text: self) }
  /// `text[]`
  public static var postgresArrayType: PostgresType { PostgresType.text.array ?? .inferred }
  /// The texts as `text[]`; cast it (`$1::text[]::kind[]`) for an array of an enum.
  public static func postgresParameter(of array: [String]) -> Parameter {
    String?.postgresParameter(of: array)
  }
}

extension UUID: PostgresScalar {
  /// `uuid`
  public static var postgresType: PostgresType { .uuid }
  /// The value as `uuid`.
  public var postgresParameter: Parameter {
    Parameter(binary: withUnsafeBytes(of: uuid, Array.init), as: .uuid)
  }
}

/// Seconds from 2000-01-01, where the server's timestamps begin, to 2001-01-01, where `Date` does.
let secondsFromServerEpoch = 31_622_400.0

extension Date: PostgresScalar {
  /// `timestamp with time zone`
  public static var postgresType: PostgresType { .timestamptz }
  /// The moment, to the nearest microsecond.
  public var postgresParameter: Parameter {
    let seconds = timeIntervalSinceReferenceDate + secondsFromServerEpoch
    guard let microseconds = Int64(exactly: (seconds * 1e6).rounded()) else {
      return Parameter(invalid: "a date is outside the range of a timestamp", as: .timestamptz)
    }
    return Parameter(binary: microseconds.bigEndianBytes, as: .timestamptz)
  }
}

extension Duration: PostgresScalar {
  /// `interval`
  public static var postgresType: PostgresType { .interval }
  /// The duration to the microsecond, without days or months.
  public var postgresParameter: Parameter {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
    let (sum, carry) = product.addingReportingOverflow(attoseconds / 1_000_000_000_000)
    if overflow || carry {
      return Parameter(invalid: "a duration is outside the range of an interval", as: .interval)
    }
    var bytes: [UInt8] = []
    bytes.append(bigEndian: sum)
    bytes.append(bigEndian: Int32(0))
    bytes.append(bigEndian: Int32(0))
    return Parameter(binary: bytes, as: .interval)
  }
}

extension Data: PostgresScalar {
  /// `bytea`
  public static var postgresType: PostgresType { .bytea }
  /// The bytes as `bytea`.
  public var postgresParameter: Parameter { Parameter(binary: Array(self), as: .bytea) }
}

extension UInt8: PostgresArrayElement {
  /// `bytea`
  public static var postgresArrayType: PostgresType { .bytea }
  /// The bytes as `bytea`.
  public static func postgresParameter(of array: [UInt8]) -> Parameter {
    Parameter(binary: array, as: .bytea)
  }
}

// MARK: - Arrays

extension PostgresScalar {
  /// The type of an array of these.
  public static var postgresArrayType: PostgresType { postgresType.array ?? .inferred }
  /// The array in binary form, one-dimensional, counted from 1.
  public static func postgresParameter(of array: [Self]) -> Parameter {
    encodedArray(array, element: postgresType) { $0 }
  }
}

extension Optional: PostgresArrayElement where Wrapped: PostgresScalar {
  /// The type of an array of these.
  public static var postgresArrayType: PostgresType { Wrapped.postgresArrayType }
  /// The array in binary form, with its NULLs.
  public static func postgresParameter(of array: [Wrapped?]) -> Parameter {
    let element = Wrapped.postgresType == .inferred ? .text : Wrapped.postgresType
    return encodedArray(array, element: element) { $0 }
  }
}

private func encodedArray<Element, Scalar: PostgresScalar>(
  _ array: [Element], element: PostgresType, _ scalar: (Element) -> Scalar?
) -> Parameter {
  let type = element.array ?? .inferred
  var bytes: [UInt8] = []
  bytes.reserveCapacity(20 + array.count * 12)
  bytes.append(bigEndian: Int32(array.isEmpty ? 0 : 1))
  let nullFlag = bytes.count
  bytes.append(bigEndian: Int32(0))
  bytes.append(bigEndian: element.rawValue)
  if !array.isEmpty {
    bytes.append(bigEndian: Int32(array.count))
    bytes.append(bigEndian: Int32(1))
  }
  for item in array {
    guard let parameter = scalar(item)?.postgresParameter, let value = parameter.bytes else {
      bytes[nullFlag + 3] = 1
      bytes.append(bigEndian: Int32(-1))
      continue
    }
    if let flaw = parameter.flaw { return Parameter(invalid: flaw, as: type) }
    bytes.append(bigEndian: Int32(value.count))
    bytes.append(contentsOf: value)
  }
  return Parameter(binary: bytes, as: type)
}

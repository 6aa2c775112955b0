import FoundationEssentials
import Glibc
import Orchestration

/// A disk for the tables that workers write, which can be full.
///
/// Where this process may mount one it is a tmpfs, made no larger than what it holds; where it may
/// not, a trigger says what a full disk says.
final class SmallDisk {
  /// Enough for all that ten minutes of storm write, old versions of rows included: 1 GB was full after
  /// nine. It takes no more memory than what lies on it.
  private static let size = "8g"

  let folder: String
  /// Whether it is a file system of its own.
  let isMounted: Bool
  private var tables: [String] = []

  /// - Parameters:
  ///   - folder: Where; it must not be there yet.
  ///   - directory: A directory of the user that the server runs as.
  /// - Throws: `SystemError` when there is no room for it.
  init(_ folder: String, ofOwnerOf directory: String) throws {
    self.folder = folder
    guard mkdir(folder, 0o700) == 0 else { throw SystemError("cannot create \(folder)") }
    var owner = stat()
    stat(directory, &owner)
    let options = "size=\(Self.size),mode=0700,uid=\(owner.st_uid),gid=\(owner.st_gid)"
    let mounting = try? ChildProcess.run(
      ["mount", "-t", "tmpfs", "-o", options, "unroll-storm", folder], streams: .file("/dev/null"))
    isMounted = geteuid() == 0 && mounting == .exited(0)
  }

  /// Puts tables of the database onto it.
  func hold(_ tables: [String], _ run: (String) throws -> Void) throws {
    self.tables = tables
    guard isMounted else { return }
    try run("create tablespace storm location '\(folder)'")
    for table in tables { try run("alter table unroll_internal.\(table) set tablespace storm") }
  }

  /// From now on there is no room.
  func fill(_ run: (String) throws -> Void) throws {
    if isMounted {
      // While it is looked at, it is written to.
      for tries in 1...50 {
        var file = statvfs()
        guard statvfs(folder, &file) == 0 else { throw SystemError("cannot read \(folder)") }
        let used = "\(UInt(file.f_blocks - file.f_bfree) * UInt(file.f_frsize) / 1024)k"
        do { return try resize(used) } catch  where tries < 50 { continue }
      }
    }
    try run(
      """
      create or replace function unroll_internal.full_disk() returns trigger language plpgsql as $$
      begin
        raise exception 'could not extend file: No space left on device' using errcode = '53100';
      end $$
      """)
    for table in tables {
      try run(
        """
        create or replace trigger full_disk before insert on unroll_internal.\(table)
        for each row execute function unroll_internal.full_disk()
        """)
    }
  }

  /// There is room again.
  func empty(_ run: (String) throws -> Void) throws {
    if isMounted { return try resize(Self.size) }
    for table in tables {
      try run("drop trigger if exists full_disk on unroll_internal.\(table)")
    }
  }

  /// Unmounts it, whoever still has files open there.
  func remove() {
    guard isMounted else { return }
    _ = try? ChildProcess.run(["umount", "-l", folder], streams: .file("/dev/null"))
  }

  private func resize(_ size: String) throws {
    let ending = try ChildProcess.run(
      ["mount", "-o", "remount,size=\(size)", folder], streams: .file("/dev/null"))
    guard ending == .exited(0) else {
      throw SystemError("cannot make \(folder) \(size) large: \(ending)")
    }
  }
}

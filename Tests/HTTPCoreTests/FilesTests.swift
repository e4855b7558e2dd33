import Foundation
import HTTPCore
import Synchronization
import TestSupport
import Testing

@Suite("Files")
struct FilesTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func mode(_ name: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: directory(name))[.posixPermissions] as? Int
    }

    @Test("a file that was not committed leaves what was there, and nothing beside it")
    func notCommitted() throws {
        try directory.write("old", to: "file")
        do {
            let file = try AtomicFile(directory("file"), mode: 0o600)
            try Data("new".utf8).withUnsafeBytesTyped { bytes throws(FileError) in try file.write(bytes) }
            #expect(directory.names.count == 2)
        }
        #expect(directory.names == ["file"])
        #expect(directory.read("file") == Data("old".utf8))
    }

    @Test("a committed file replaces what was there, with its mode")
    func committed() throws {
        try directory.write("old and longer", to: "file")
        try AtomicFile.write(Data("new".utf8), to: directory("file"), mode: 0o600)
        #expect(directory.names == ["file"])
        #expect(directory.read("file") == Data("new".utf8))
        #expect(try mode("file") == 0o600)
    }

    @Test("a link stays a link, and its target is replaced")
    func link() throws {
        try directory.write("old", to: "target")
        try FileManager.default.createSymbolicLink(
            atPath: directory("link"), withDestinationPath: directory("target"))
        try AtomicFile.write(Data("new".utf8), to: directory("link"), mode: 0o600)
        #expect(directory.names == ["link", "target"])
        #expect(directory.read("target") == Data("new".utf8))
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: directory("link")) == directory("target"))
    }

    @Test("a directory, a device and a pipe are not replaced", arguments: ["directory", "/dev/null", "pipe"])
    func notRegular(_ name: String) throws {
        try FileManager.default.createDirectory(
            atPath: directory("directory"), withIntermediateDirectories: false, attributes: nil)
        #expect(mkfifo(directory("pipe"), 0o600) == 0)
        let path = name.hasPrefix("/") ? name : directory(name)
        let error = #expect(throws: FileError.self) { try AtomicFile.write(Data(), to: path, mode: 0o600) }
        #expect(error?.message == "\(path): not a regular file")
        #expect(directory.names == ["directory", "pipe"])
    }

    @Test("a folder that is not there is an error that names the file")
    func noFolder() {
        let path = directory("missing/file")
        let error = #expect(throws: FileError.self) { try AtomicFile.write(Data(), to: path, mode: 0o600) }
        #expect(error?.path == path && error?.code == ENOENT)
    }

    @Test("a private directory is made with its parents, and taken from others where it was open")
    func privateDirectory() throws {
        try PrivateDirectory.create(directory("a/b/c"))
        #expect(try [mode("a"), mode("a/b"), mode("a/b/c")] == [0o700, 0o700, 0o700])
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory("a/b"))
        try PrivateDirectory.create(directory("a/b"))
        #expect(try mode("a/b") == 0o700)
        try directory.write("", to: "file")
        #expect(throws: FileError(path: directory("file"), code: ENOTDIR)) {
            try PrivateDirectory.create(directory("file"))
        }
    }

    @Test("two tasks exclude each other, and a lock that was given up can be had")
    func twoTasks() async throws {
        let path = directory("lock")
        let fake = FakeTiming()
        let held = try await FileLock.acquire(path, patience: .seconds(1), timing: fake.timing)
        await #expect(throws: FileLock.AcquireError.timedOut(path: path, waited: .seconds(1))) {
            _ = try await FileLock.acquire(path, patience: .seconds(1), timing: fake.timing)
        }
        #expect(!fake.sleeps.isEmpty)
        release(held)
        release(try await FileLock.acquire(path, patience: .zero, timing: fake.timing))
        #expect(try mode("lock") == 0o600)
    }

    private func release(_ lock: consuming FileLock) {}

    @Test("a waiter gets the lock as soon as it is given up")
    func handedOver() async throws {
        let path = directory("lock")
        let descriptor = open(path, O_RDWR | O_CREAT, 0o600)
        #expect(flock(descriptor, LOCK_EX) == 0)
        // The holder lets go while the other one sleeps for the third time.
        let sleeps = Mutex(0)
        let fake = FakeTiming(onSleep: { _ in
            if sleeps.withLock({
                $0 += 1; return $0
            }) == 3 {
                close(descriptor)
            }
        })
        release(try await FileLock.acquire(path, patience: .seconds(5), timing: fake.timing))
        #expect(fake.sleeps.count == 3)
    }

    @Test("a cancelled waiter stops waiting")
    func cancelledWaiter() async throws {
        let path = directory("lock")
        let descriptor = open(path, O_RDWR | O_CREAT, 0o600)
        defer { close(descriptor) }
        #expect(flock(descriptor, LOCK_EX) == 0)
        let fake = FakeTiming(onSleep: { _ in withUnsafeCurrentTask { $0?.cancel() } })
        let task = Task {
            _ = await #expect(throws: FileLock.AcquireError.cancelled) {
                _ = try await FileLock.acquire(path, patience: .seconds(5), timing: fake.timing)
            }
        }
        await task.value
    }

    @Test("no lock to be had is told apart from a lock that others hold")
    func unavailable() async throws {
        let path = directory("missing/lock")
        do {
            _ = try await FileLock.acquire(path, patience: .seconds(1), timing: FakeTiming().timing)
            Issue.record("locked")
        } catch {
            guard case .unavailable(path, _) = error else {
                Issue.record("\(error)")
                return
            }
        }
    }

    @Test(
        "another process's lock is respected until that process is gone, however it ends",
        .enabled(if: Oracle.flock != nil, "needs flock(1)"))
    func twoProcesses() async throws {
        let path = directory("lock")
        let holder = try CommandRunner(program: try #require(Oracle.flock), home: "/").start(
            [path, "/bin/sh", "-c", "echo held; exec sleep 60"])
        #expect(await holder.waits(for: "held", in: .output))
        let fake = FakeTiming()
        await #expect(throws: FileLock.AcquireError.timedOut(path: path, waited: .seconds(1))) {
            _ = try await FileLock.acquire(path, patience: .seconds(1), timing: fake.timing)
        }
        holder.killGroup()
        _ = await holder.result()
        release(try await FileLock.acquire(path, patience: .zero, timing: fake.timing))
    }

    @Test(
        "another process sees the lock that this one holds", .enabled(if: Oracle.python != nil, "needs python3"))
    func seenByAnother() async throws {
        let path = directory("lock")
        let script = """
            import fcntl
            try:
                fcntl.flock(open(data, "w"), fcntl.LOCK_EX | fcntl.LOCK_NB)
                print("true")
            except OSError:
                print("false")
            """
        let held = try await FileLock.acquire(path, patience: .zero, timing: FakeTiming().timing)
        #expect(try await Oracle.python(script, path, as: Bool.self) == false)
        release(held)
        #expect(try await Oracle.python(script, path, as: Bool.self))
    }
}

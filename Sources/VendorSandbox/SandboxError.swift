import Foundation

/// Why the sandbox cannot run.
package enum SandboxError: Error, Equatable {
    /// Somebody else listens on the port.
    case portInUse(UInt16)
    /// A call of the operating system failed, with its errno.
    case system(String, Int32)
    /// A `--fault` value cannot be read: the text and what is wrong with it.
    case faultSyntax(String, String)

    /// One line: what failed and what to do next.
    package var message: String {
        switch self {
        case .portInUse(let port): "port \(port) of 127.0.0.1 is taken; choose another with --port, or leave it out"
        case .system(let call, let code): "\(call) failed: \(String(cString: strerror(code)))"
        case .faultSyntax(let text, let reason): "--fault \(text): \(reason)"
        }
    }
}

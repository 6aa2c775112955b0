import Glibc

/// A number that no other living thread has; never zero.
func currentThread() -> UInt { UInt(pthread_self()) }

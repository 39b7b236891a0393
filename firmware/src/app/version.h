#pragma once

namespace pb {

/// The content of firmware/version.txt, defined by the build.
constexpr const char* kVersion = PLUGBENCH_VERSION;

}  // namespace pb

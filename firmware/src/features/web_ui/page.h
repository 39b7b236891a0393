#pragma once

#include "core/span.h"
#include "core/text.h"

namespace pb {

/// The page as the build makes it of firmware/web (firmware/tools/build_page.py).
struct WebPage {
  Bytes gzip;
  Text policy;  ///< its Content-Security-Policy, which names its script and style by their hashes
};

WebPage web_page();

}  // namespace pb

#pragma once

#include "core/span.h"
#include "core/text.h"

namespace pb {

/// The page that the build makes from firmware/web (firmware/tools/build_page.py).
struct WebPage {
  Bytes gzip;
  Text policy;  ///< its Content-Security-Policy, which names its script and style by their hashes
};

WebPage web_page();

}  // namespace pb

#pragma once

#include "core/text.h"

namespace pb {

enum class HttpMethod : uint8_t { get, head, post, other };

/// The parts of a request (RFC 9112) that the device uses. Texts that are too long for their field are treated as
/// missing: all texts of the device's own page fit.
struct HttpRequest {
  HttpMethod method = HttpMethod::other;
  FixedText<40> path;    ///< the path as in the request, without the query; nothing is decoded
  FixedText<47> host;    ///< the header Host
  FixedText<47> origin;  ///< the header Origin, without `http://`
  bool has_origin = false;
  FixedText<32> session;           ///< the cookie `session`
  FixedText<32> csrf;              ///< the header X-CSRF-Token
  bool is_json = false;            ///< the body is application/json
  bool is_octets = false;          ///< the body is application/octet-stream; a handler may take it in pieces
  bool is_body_too_large = false;  ///< the body is longer than HttpRequestReader::kMaxBody and was not read
  uint32_t length = 0;             ///< the length of the body in bytes; 0: no body
  Text body;                       ///< the body in the reader's buffer; for octets only the first bytes
};

}  // namespace pb

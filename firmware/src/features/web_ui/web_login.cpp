#include "features/web_ui/web_login.h"

#include "core/constant_time.h"

namespace pb {

namespace {

constexpr Text kTag = "web";
/// The characters of a random password, without those that look alike: 12 of them have 59 bits.
constexpr Text kAlphabet = "abcdefghjkmnpqrstuvwxyz23456789";
constexpr size_t kGroups = 3;
constexpr size_t kGroupLength = 4;

}  // namespace

void WebLogin::start() {
  Record read;
  size_t length = 0;
  const MutableBytes into(reinterpret_cast<uint8_t*>(&read), sizeof read);
  const SecretsResult result = secrets_.read(secret::kWebLogin, into, length);
  if (result == SecretsResult::ok && length == sizeof read && read.version == kVersion) {
    stored_ = read;
    return;
  }
  if (result != SecretsResult::not_found)
    log_.error(kTag, "the password of the page cannot be read: it gets a new one");
  reset();
}

bool WebLogin::reset() {
  char bytes[kGroups * (kGroupLength + 1)];
  TextWriter password{Span<char>(bytes)};
  for (size_t i = 0; i < kGroups * kGroupLength; ++i) {
    if (i != 0 && i % kGroupLength == 0) password.append('-');
    password.append(kAlphabet.data[rng_.next() % kAlphabet.length]);
  }
  return post(Work::first, password.text());
}

bool WebLogin::check(Text password) { return post(Work::check, password); }

bool WebLogin::change(Text password) { return post(Work::change, password); }

bool WebLogin::post(Work work, Text password) {
  if (busy_) return false;
  work_ = work;
  // A password that is too long gets the same answer as a wrong password, after the same time.
  if (!password_.assign(password)) password_.clear();
  record_ = stored_;
  if (work != Work::check) {
    record_.version = kVersion;
    record_.flags = work == Work::first ? kMustChange : 0;
    for (uint8_t& byte : record_.salt) byte = static_cast<uint8_t>(rng_.next());
  }
  result_ = Result::none;
  busy_ = worker_.post({[](void* self) { static_cast<WebLogin*>(self)->run(); },
                        [](void* self) { static_cast<WebLogin*>(self)->done(); }, this});
  if (!busy_) password_.clear();
  return busy_;
}

void WebLogin::run() {
  uint8_t hash[kSha256Length];
  pbkdf2_sha256(password_.text().bytes(), record_.salt, kIterations, hash);
  if (work_ == Work::check) {
    const bool is_equal = equal_in_constant_time(hash, record_.hash);
    is_right_ = is_equal && !password_.empty() && record_.version == kVersion;
    return;
  }
  memcpy(record_.hash, hash, sizeof hash);
  written_ = secrets_.write(secret::kWebLogin, {reinterpret_cast<const uint8_t*>(&record_), sizeof record_});
}

void WebLogin::done() {
  busy_ = false;
  if (work_ == Work::check) {
    result_ = is_right_ ? Result::right : Result::wrong;
    if (is_right_) {
      failures_ = 0;
    } else if (++failures_ >= kFreeFailures) {
      const uint32_t doublings = failures_ - kFreeFailures < 6 ? failures_ - kFreeFailures : 6;
      const Millis pause = kFirstPause << doublings;
      locked_until_ = clock_.now() + (pause < kMaxPause ? pause : kMaxPause);
      log_.warning(kTag, "wrong password of the page", Field{"failures", failures_});
    }
  } else if (written_ != SecretsResult::ok) {
    result_ = Result::failed;
    log_.error(kTag, "the password of the page cannot be stored; the old one stays");
  } else {
    stored_ = record_;
    result_ = Result::stored;
    failures_ = 0;  // failures with the old password must not delay a login with the new one
    locked_until_ = 0;
    if (work_ == Work::first) {
      log_.reveal(kTag, "the password of the page, shown once and to be changed at the first login",
                  Field{"password", password_.text()});
    } else {
      log_.info(kTag, "the password of the page was changed");
    }
  }
  password_.wipe();
}

}  // namespace pb

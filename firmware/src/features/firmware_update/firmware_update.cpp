#include "features/firmware_update/firmware_update.h"

#include "port/image_header.h"

namespace pb {

namespace {

constexpr Text kTag = "update";

UpdateProblem problem_of(UpdateResult result) {
  switch (result) {
    case UpdateResult::ok:
      return UpdateProblem::none;
    case UpdateResult::too_large:
      return UpdateProblem::too_large;
    case UpdateResult::other_chip:
      return UpdateProblem::other_chip;
    case UpdateResult::damaged:
      return UpdateProblem::damaged;
    case UpdateResult::unconfirmed:
      return UpdateProblem::on_trial;
    case UpdateResult::failed:
      break;
  }
  return UpdateProblem::flash_failed;
}

}  // namespace

Text name_of(UpdateProblem problem) {
  constexpr Text kNames[] = {"none",      "unsupported", "busy",       "waits_for_restart", "on_trial",
                             "too_large", "no_image",    "other_chip", "damaged",           "flash_failed"};
  return kNames[static_cast<size_t>(problem)];
}

Text text_of(UpdateProblem problem) {
  switch (problem) {
    case UpdateProblem::none:
      return "no problem";
    case UpdateProblem::unsupported:
      return "the device has no second slot for an image; flash it by the serial port";
    case UpdateProblem::busy:
      return "another image is being written; wait until it is done";
    case UpdateProblem::waits_for_restart:
      return "a new image is stored already and waits for the restart";
    case UpdateProblem::on_trial:
      return "the running image is on trial; wait until a CSMS has accepted it";
    case UpdateProblem::too_large:
      return "the file is larger than the slot for an image";
    case UpdateProblem::no_image:
      return "the file is no application image (firmware.bin)";
    case UpdateProblem::other_chip:
      return "the image is for another chip";
    case UpdateProblem::damaged:
      return "the image is damaged: its checksum or hash is wrong";
    case UpdateProblem::flash_failed:
      return "the flash has failed; the present image stays";
  }
  return "unknown";
}

UpdateProblem FirmwareUpdate::begin(size_t length) {
  if (updates_.room() == 0) return UpdateProblem::unsupported;
  if (state_ == State::complete) return UpdateProblem::waits_for_restart;
  if (busy()) return UpdateProblem::busy;
  if (system_.image_on_trial()) return UpdateProblem::on_trial;
  if (length > updates_.room()) return UpdateProblem::too_large;
  if (length < image_header::kLength) return UpdateProblem::no_image;
  length_ = length;
  received_ = filled_ = 0;
  problem_ = UpdateProblem::none;
  has_begun_ = has_ended_ = false;
  state_ = State::receiving;
  log_.info(kTag, "an image of ", length, " bytes is being written");
  return UpdateProblem::none;
}

bool FirmwareUpdate::space(MutableBytes& into) {
  poll();
  into = state_ == State::receiving ? MutableBytes(piece_).after(filled_) : MutableBytes();
  return state_ == State::receiving || state_ == State::writing;
}

void FirmwareUpdate::take(size_t count) {
  filled_ += count;
  received_ += count;
  if (filled_ < kPiece && received_ < length_) return;
  if (received_ == filled_) {
    const UpdateProblem problem = check_head();
    if (problem != UpdateProblem::none) return fail(problem);
  }
  post(State::writing);
}

/// The port validates the whole image; this rejects most wrong files before anything is erased.
UpdateProblem FirmwareUpdate::check_head() const {
  if (filled_ < image_header::kLength || piece_[0] != image_header::kMagic) return UpdateProblem::no_image;
  const auto chip = static_cast<uint16_t>(piece_[image_header::kChipPlace] | piece_[image_header::kChipPlace + 1] << 8);
  return chip == updates_.chip() ? UpdateProblem::none : UpdateProblem::other_chip;
}

void FirmwareUpdate::end() {
  if (!busy() || state_ == State::aborting) return;
  if (received_ == length_) return;
  log_.warning(kTag, "the image ended after ", received_, " of ", length_, " bytes; the present image stays");
  has_ended_ = true;
  if (!is_posted_) post(State::aborting);
}

void FirmwareUpdate::fail(UpdateProblem problem) {
  problem_ = problem;
  log_.warning(kTag, "the image is not taken: ", text_of(problem));
  post(State::aborting);
}

void FirmwareUpdate::post(State state) {
  state_ = state;
  // Nothing was begun, so there is nothing to abort.
  if (state == State::aborting && !has_begun_) {
    state_ = State::idle;
    return;
  }
  poll();
}

void FirmwareUpdate::poll() {
  if (is_posted_ || (state_ != State::writing && state_ != State::finishing && state_ != State::aborting)) return;
  is_posted_ = worker_.post({[](void* self) { static_cast<FirmwareUpdate*>(self)->run(); },
                             [](void* self) { static_cast<FirmwareUpdate*>(self)->done(); }, this});
}

/// Runs in the worker.
void FirmwareUpdate::run() {
  result_ = UpdateResult::ok;
  if (state_ == State::finishing) {
    result_ = updates_.finish();
  } else if (state_ == State::aborting) {
    updates_.abort();
  } else {
    if (!has_begun_) result_ = updates_.begin(length_);
    has_begun_ = true;
    if (result_ == UpdateResult::ok) result_ = updates_.write({piece_, filled_});
  }
}

void FirmwareUpdate::done() {
  is_posted_ = false;
  const State was = state_;
  if (was == State::aborting) {
    state_ = State::idle;
  } else if (result_ != UpdateResult::ok) {
    fail(problem_of(result_));
  } else if (was == State::finishing) {
    state_ = State::complete;
    log_.info(kTag, "the image is stored: the next boot tries it");
  } else if (has_ended_) {
    post(State::aborting);
  } else if (received_ == length_) {
    post(State::finishing);
  } else {
    filled_ = 0;
    state_ = State::receiving;
  }
}

}  // namespace pb

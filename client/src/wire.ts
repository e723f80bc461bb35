/**
 * The documents that a reporter's device exchanges with the hub.
 *
 * Word for word `src/takeback/cases/wire.py`; docs/reference/registration.md says what each field means.
 * No field can hold a picture.
 */

export type Kind =
  | "shared"
  | "threatened"
  | "synthetic"
  | "impersonation"
  | "hidden_camera"
  | "sweep";
export type AgeBand = "under_18" | "adult" | "not_said";
export type Language = "en" | "ko";
export type Authority = "self" | "parent" | "agent" | "centre";
export type View =
  | "whole"
  | "mirror"
  | "stored"
  | "centre_1x1"
  | "centre_4x5"
  | "centre_3x4"
  | "centre_9x16"
  | "centre_16x9"
  | "trimmed"
  | "uncaptioned"
  | "levelled";

export interface PdqDocument {
  type: "pdq";
  value: string;
  quality: number;
  view: View;
  path: "full" | "luminance" | "scaled";
}

export interface KeypointDocument {
  type: "kp1";
  value: string;
  view: View;
}

export interface VideoDocument {
  type: "video1";
  value: string;
}

export interface DigestDocument {
  type: "md5";
  value: string;
}

export type SignalDocument = PdqDocument | KeypointDocument | VideoDocument | DigestDocument;

export interface ItemDocument {
  signals: SignalDocument[];
  locators: string[];
  note: string;
}

export interface Choices {
  partners: boolean;
  keypoints: boolean;
  lock: boolean;
  end_date?: string;
}

export interface Proof {
  challenge: string;
  solution: string;
}

export interface Challenge {
  challenge: string;
  bits: number;
  keypoints: boolean;
}

export interface RegistrationDocument {
  version: 1;
  kind: Kind;
  age_band: AgeBand;
  language: Language;
  authority: Authority;
  items: ItemDocument[];
  locators: string[];
  text: string;
  choices: Choices;
  attempt: string;
  proof?: Proof;
}

export interface Access {
  code: string;
  pin: string;
  slip?: string;
  proof?: Proof;
}

export interface Opened {
  case_id: string;
  code: string;
  words: string[];
  pin: string;
  slip: string;
}

export interface Removal {
  platform: string;
  day: string;
}

export interface ReceiptItem {
  item_id: string;
  state: "recorded" | "protected" | "waiting" | "suspended" | "withdrawing" | "withdrawn";
  registered_on: string;
  signals: number;
  keypoints: boolean;
  removals: Removal[];
  takes_effect_on: string | null;
}

export interface WithdrawalStatus {
  item_id: string;
  on: string;
  confirmed: string[];
  waiting: string[];
  can_not_confirm: string[];
  undo_until: string;
  keypoints: boolean;
}

export interface Receipt {
  case_id: string;
  status: "open" | "closed" | "withdrawing" | "withdrawn";
  kind: Kind;
  language: Language;
  opened_on: string;
  compared: boolean;
  ends_on: string | null;
  locked: boolean;
  partners: boolean;
  keypoints: boolean;
  keypoints_end_on: string | null;
  withdrawal_takes_effect_on: string | null;
  items: ReceiptItem[];
  withdrawals: WithdrawalStatus[];
}

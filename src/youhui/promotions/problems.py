"""Why a promotion is not stored, changed or found."""

from __future__ import annotations

from youhui.platform.problems import Refusal


class PromotionExists(Refusal):
    """Its id is taken."""

    status = 409
    code = "PROMOTION_EXISTS"
    sentences = {"zh-CN": "促销活动 {id} 已存在", "en": "A promotion {id} exists already"}


class PromotionNotFound(Refusal):
    """There is none with this id."""

    status = 404
    code = "PROMOTION_NOT_FOUND"
    sentences = {"zh-CN": "没有促销活动 {id}", "en": "There is no promotion {id}"}

"""Why an account is not found, changed or opened."""

from __future__ import annotations

from youhui.platform.languages import both
from youhui.platform.problems import Fault, Invalid, Refusal, TooManyRequests, Unauthenticated


class WrongCredentials(Unauthenticated):
    """The name or the password, one does not say which."""

    code = "WRONG_CREDENTIALS"
    sentences = both("用户名或密码错误", "The name or the password is wrong")


class LockedOut(TooManyRequests):
    """Too many failed log-ins of this account, or from this address. The right password does not help either."""

    code = "LOGIN_LOCKED"
    sentences = both(
        "登录失败次数过多，请在 {seconds} 秒后重试", "Too many failed log-ins; try again in {seconds} s"
    )


class OperatorExists(Refusal):
    """Its name is taken."""

    status = 409
    code = "OPERATOR_EXISTS"
    sentences = both("用户名 {name} 已存在", "There is an operator {name} already")


class OperatorNotFound(Refusal):
    """There is none with this id or name."""

    status = 404
    code = "OPERATOR_NOT_FOUND"
    sentences = both("没有操作员 {operator}", "There is no operator {operator}")


class LastAdmin(Refusal):
    """Without it nobody could give the role back."""

    status = 409
    code = "LAST_ADMIN"
    sentences = both(
        "这是最后一个启用的管理员，不能删除、停用或降级",
        "This is the last active admin: it cannot be deleted, disabled or given another role",
    )


class ApiKeyNotFound(Refusal):
    """There is none with this id."""

    status = 404
    code = "API_KEY_NOT_FOUND"
    sentences = both("没有 API 密钥 {id}", "There is no API key {id}")


SENTENCES = {
    "not_a_name": both(
        "用户名须为 1–64 个字符：文字、数字及 . _ @ + -，以文字或数字开头",
        "A name has 1 to 64 letters, digits and . _ @ + -, and begins with a letter or digit",
    ),
    "password_length": both(
        "密码须为 {least}–{most} 个字符，不含控制字符",
        "A password has {least} to {most} characters, none of them a control character",
    ),
    "password_is_name": both("密码不能与用户名相同", "The password must not be the name"),
    "wrong_password": both("当前密码错误", "This is not the current password"),
    "not_a_label": both(
        "名称须为 1–100 个字符，不含控制字符",
        "A name has 1 to 100 characters, none of them a control character",
    ),
    "not_an_id": both(
        "编号须为 1–64 个字符，不含空格、逗号和控制字符",
        "An id has 1 to 64 characters, without spaces, commas and control characters",
    ),
    "in_the_past": both("时间须晚于当前时间", "It must be later than now"),
}


def invalid(path: str, code: str, **params: str | int) -> Invalid:
    """The refusal of one field."""
    sentences = SENTENCES[code]
    return Invalid([Fault(path, code, lambda language: sentences[language].format_map(params), params)])

"""Users, and what each role may do: for whoever manages users."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from services.gateway.sealing import opened
from shared.contracts.orders import ChangeEmployee, EmployeeView, ListEmployees
from shared.contracts.users import (
    ChangeUser,
    CreateUser,
    EndUserSessions,
    FindUsers,
    GetUser,
    ListTokens,
    ResetPassword,
    ResetTotp,
    RevokeToken,
    UserMade,
    UserView,
)
from shared.permissions import may_grant
from shared.roles import ROLES

USERS = "/users"


async def users(request: PageRequest) -> Response:
    return request.page(
        "users/users.html",
        users=await request.ask(request.reads(FindUsers)),
        roles=_roles_to_give(request),
        station=request.call.gateway.settings.station,
    )


async def user(request: PageRequest) -> Response:
    who = await request.ask(GetUser(user_id=request.id("user_id")))
    employees = await _employees(request)
    return request.page(
        "users/user.html",
        user=who,
        roles=_roles_to_give(request),
        employees=employees,
        employee=_employee_of(who, employees),
        tokens=await request.ask(ListTokens(user_id=who.id, limit=200)),
        station=request.call.gateway.settings.station,
    )


async def create_user(request: PageRequest) -> Response:
    made = await request.send(request.form.message(CreateUser, **_stations(request)))
    return _with_password(request, made)


async def change_user(request: PageRequest) -> Response:
    user_id = request.id("user_id")
    await _send(request, request.form.message(ChangeUser, user_id=user_id, **_stations(request)))
    return request.go(f"{USERS}/{user_id}", said=request._("Saved"))


async def link_employee(request: PageRequest) -> Response:
    """The employee whose login is the user's: first it is taken from whoever had it."""
    who = await request.ask(GetUser(user_id=request.id("user_id")))
    employees = await _employees(request)
    former, wanted = _employee_of(who, employees), request.form.get("employee_id")
    if former and str(former.id) != wanted:
        await request.send(ChangeEmployee(employee_id=former.id, login=None), "former")
    for employee in employees:
        if str(employee.id) == wanted and employee != former:
            await request.send(ChangeEmployee(employee_id=employee.id, login=who.login), "new")
    return request.go(f"{USERS}/{who.id}", said=request._("Saved"))


async def reset_password(request: PageRequest) -> Response:
    made = await _send(request, request.form.message(ResetPassword, user_id=request.id("user_id")))
    return _with_password(request, made)


async def end_sessions(request: PageRequest) -> Response:
    user_id = request.id("user_id")
    await _send(request, EndUserSessions(user_id=user_id))
    return request.go(f"{USERS}/{user_id}", said=request._("Signed out everywhere"))


async def reset_totp(request: PageRequest) -> Response:
    user_id = request.id("user_id")
    await _send(request, ResetTotp(user_id=user_id))
    return request.go(f"{USERS}/{user_id}", said=request._("The second factor is off"))


async def revoke_token(request: PageRequest) -> Response:
    await _send(request, RevokeToken(token_id=request.id("token_id")))
    user_id = request.id("user_id")
    return request.go(f"{USERS}/{user_id}", said=request._("The token is revoked"))


async def roles(request: PageRequest) -> Response:
    # The addresses know the pages' way to say no, and so come after them.
    from services.gateway.rights import PARTICULARS, rights_by_area

    return request.page(
        "users/roles.html", roles=ROLES, areas=rights_by_area(), particulars=PARTICULARS
    )


async def _send(request: PageRequest, command: Any) -> Any:
    reply = await request.send(command)
    # What changed about sessions counts here at once.
    request.call.gateway.sessions.forget()
    return reply


def _with_password(request: PageRequest, made: UserMade) -> Response:
    password = opened(request.call.gateway.settings, made.one_time_password)
    return request.page("users/password.html", user=made.user, password=password)


def _stations(request: PageRequest) -> dict[str, Any]:
    """Codes in one field, with commas or spaces between; empty: every station."""
    codes = request.form.get("station_codes").replace(",", " ").split()
    return {"stations": codes or None}


def _roles_to_give(request: PageRequest) -> list[str]:
    return [role for role in ROLES if may_grant(request.signed_in.role, role)]


async def _employees(request: PageRequest) -> list[EmployeeView]:
    page = await request.ask(ListEmployees(limit=200))
    employees = [*page.items]
    while page.next:
        page = await request.ask(ListEmployees(limit=200, cursor=page.next))
        employees += page.items
    return employees


def _employee_of(who: UserView, employees: list[EmployeeView]) -> EmployeeView | None:
    return next((each for each in employees if each.login == who.login), None)


PAGES = (
    show(USERS, users, needs=FindUsers),
    act(USERS, create_user, needs=CreateUser),
    show(f"{USERS}/roles", roles, needs=FindUsers),
    show(f"{USERS}/{{user_id}}", user, needs=GetUser),
    act(f"{USERS}/{{user_id}}", change_user, needs=ChangeUser),
    act(f"{USERS}/{{user_id}}/employee", link_employee, needs=ChangeEmployee),
    act(f"{USERS}/{{user_id}}/password", reset_password, needs=ResetPassword),
    act(f"{USERS}/{{user_id}}/sessions", end_sessions, needs=EndUserSessions),
    act(f"{USERS}/{{user_id}}/totp", reset_totp, needs=ResetTotp),
    act(f"{USERS}/{{user_id}}/tokens/{{token_id}}/revoke", revoke_token, needs=RevokeToken),
)

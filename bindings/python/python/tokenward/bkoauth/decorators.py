"""A view that only the API gateway may call."""

from functools import wraps

from .jwt_client import JWTClient, jwt_invalid_view


def apigw_required(view_func):
    """Puts the gateway's statement into ``request.jwt``, and answers for the view where there is no good one."""

    @wraps(view_func)
    def view(request, *args, **kwargs):
        request.jwt = JWTClient(request)
        if request.jwt.is_valid:
            return view_func(request, *args, **kwargs)
        return jwt_invalid_view(request)

    return view

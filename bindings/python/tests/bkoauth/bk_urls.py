from django.contrib import admin
from django.http import JsonResponse
from django.urls import path


def whose(request):
    """A view as a site has it: the user comes from a header that stands for the site's own login."""
    import os

    import bkoauth

    class User:
        username = request.META.get("HTTP_X_USER", "")
        is_authenticated = bool(username)

    request.user = User()
    row = bkoauth.get_access_token(request)
    return JsonResponse({"token": row.access_token, "user": row.user_id, "process": os.getpid()})


urlpatterns = [path("admin/", admin.site.urls), path("whose/", whose)]

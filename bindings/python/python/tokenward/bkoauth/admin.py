"""The page of the admin: whose tokens there are and when they end, never the tokens. Deleting a row forgets the login at once."""

from django.contrib import admin

from .models import AccessToken


class AccessTokenAdmin(admin.ModelAdmin):
    list_display = ("user", "env_name", "expires", "created_at")
    list_filter = ("env_name",)
    search_fields = ("user_id",)
    fields = ("user_id", "env_name", "expires", "scope", "created_at")
    readonly_fields = fields

    def has_add_permission(self, request):
        return False

    @admin.display(description="user", ordering="user_id")
    def user(self, row):
        return row.user_id if row.user_id is not None else "(app)"


admin.site.register(AccessToken, AccessTokenAdmin)
